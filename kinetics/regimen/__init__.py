"""What is given and when: doses, courses, regimens, their algebra, and the segments an engine integrates."""

from kinetics.regimen.dose import Dose
from kinetics.regimen.regimen import Course, Regimen
from kinetics.regimen.retreatment import with_retreatment
from kinetics.regimen.segments import Segments, course_starts, segments

__all__ = ["Course", "Dose", "Regimen", "Segments", "course_starts", "segments", "with_retreatment"]
