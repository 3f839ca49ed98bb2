"""What is read off a curve, course by course: nadir, time to a threshold, overshoot, area, plateau."""

from kinetics.measures.at_visits import ever_back, observed_nadir, observed_recovery
from kinetics.measures.curves import Curve
from kinetics.measures.datasets import measure
from kinetics.measures.evaluation import Measure, evaluate, evaluate_all
from kinetics.measures.extremes import Nadir, Overshoot, Peak, TimeOfNadir, TimeOfOvershoot, TimeOfPeak
from kinetics.measures.recovery import lower_limits, recovery_measures
from kinetics.measures.registry import MEASURES, read_measures
from kinetics.measures.returns import first_return
from kinetics.measures.thresholds import TimeAbove, TimeBelow, TimeToThreshold, limit_warnings
from kinetics.measures.values import AreaUnderCurve, Final, Length, Plateau, ValueAt
from kinetics.measures.windows import Window, course_windows
from kinetics.units.levels import Level, read_level

__all__ = [
    "MEASURES",
    "AreaUnderCurve",
    "Curve",
    "Final",
    "Length",
    "Level",
    "Measure",
    "Nadir",
    "Overshoot",
    "Peak",
    "Plateau",
    "TimeAbove",
    "TimeBelow",
    "TimeOfNadir",
    "TimeOfOvershoot",
    "TimeOfPeak",
    "TimeToThreshold",
    "ValueAt",
    "Window",
    "course_windows",
    "evaluate",
    "evaluate_all",
    "ever_back",
    "first_return",
    "limit_warnings",
    "lower_limits",
    "measure",
    "observed_nadir",
    "observed_recovery",
    "read_level",
    "read_measures",
    "recovery_measures",
]
