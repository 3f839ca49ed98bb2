"""What is given and when: doses, courses, regimens, their algebra, and the segments an engine integrates."""

from kinetics.regimen.covariates import TimedValues
from kinetics.regimen.dose import Dose
from kinetics.regimen.histories import History, histories
from kinetics.regimen.records import DoseRecord
from kinetics.regimen.regimen import Course, Regimen
from kinetics.regimen.regimen_records import dose_records, has_dose_expressions
from kinetics.regimen.retreatment import only_course, with_retreatment
from kinetics.regimen.rule import Rule
from kinetics.regimen.segments import Segments, check_differentiable, course_starts, cut, model_segments, segments
from kinetics.regimen.triggers import Triggers, check_accepted, check_row_accepted, check_rules_accepted, triggers

__all__ = [
    "Course",
    "Dose",
    "DoseRecord",
    "History",
    "Regimen",
    "Rule",
    "Segments",
    "TimedValues",
    "Triggers",
    "check_accepted",
    "check_differentiable",
    "check_row_accepted",
    "check_rules_accepted",
    "course_starts",
    "cut",
    "dose_records",
    "has_dose_expressions",
    "histories",
    "model_segments",
    "only_course",
    "segments",
    "triggers",
    "with_retreatment",
]
