"""What is given and when: doses, courses, regimens, their algebra, and the segments an engine integrates."""

from kinetics.regimen.dose import Dose
from kinetics.regimen.regimen import Course, Regimen
from kinetics.regimen.retreatment import only_course, with_retreatment
from kinetics.regimen.rule import Rule
from kinetics.regimen.segments import Segments, course_starts, segments
from kinetics.regimen.triggers import Triggers, check_accepted, check_row_accepted, triggers

__all__ = [
    "Course",
    "Dose",
    "Regimen",
    "Rule",
    "Segments",
    "Triggers",
    "check_accepted",
    "check_row_accepted",
    "course_starts",
    "only_course",
    "segments",
    "triggers",
    "with_retreatment",
]
