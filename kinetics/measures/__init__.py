"""What is read off a curve, course by course: nadir, time to a threshold, overshoot, area, plateau."""

from kinetics.measures.averages import AreaUnderCurve, Plateau
from kinetics.measures.curves import Curve, curve_of
from kinetics.measures.datasets import measure
from kinetics.measures.evaluation import Measure, evaluate
from kinetics.measures.extremes import Nadir, Overshoot, TimeOfNadir, TimeOfOvershoot
from kinetics.measures.recovery import recovery_measures
from kinetics.measures.thresholds import TimeBelow, TimeToThreshold
from kinetics.measures.undecided import undecided
from kinetics.measures.windows import Window, course_windows
from kinetics.units.levels import Level, read_level

__all__ = [
    "AreaUnderCurve",
    "Curve",
    "Level",
    "Measure",
    "Nadir",
    "Overshoot",
    "Plateau",
    "TimeBelow",
    "TimeOfNadir",
    "TimeOfOvershoot",
    "TimeToThreshold",
    "Window",
    "course_windows",
    "curve_of",
    "evaluate",
    "measure",
    "read_level",
    "recovery_measures",
    "undecided",
]
