"""What is given and when: doses, courses, regimens, their algebra, and the segments an engine integrates."""

from kinetics.regimen.dose import Dose
from kinetics.regimen.giving import check_given, check_given_by_row
from kinetics.regimen.regimen import Course, Regimen
from kinetics.regimen.retreatment import only_course, with_retreatment
from kinetics.regimen.rule import Rule
from kinetics.regimen.segments import Segments, course_starts, segments
from kinetics.regimen.triggers import Triggers, triggers

__all__ = [
    "Course",
    "Dose",
    "Regimen",
    "Rule",
    "Segments",
    "Triggers",
    "check_given",
    "check_given_by_row",
    "course_starts",
    "only_course",
    "segments",
    "triggers",
    "with_retreatment",
]
