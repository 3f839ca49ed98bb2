"""Regimens side by side: what is compared, the numbers of a whole treatment, and the simulations behind them."""

from kinetics.comparison.comparing import compare, load_regimens
from kinetics.comparison.comparison_file import read_comparison
from kinetics.comparison.dataset import course_lengths
from kinetics.comparison.from_result import comparison_of, regimens_of
from kinetics.comparison.readings import MEASURES, Reading, readings
from kinetics.comparison.spec import ComparedRow, Comparison

__all__ = [
    "MEASURES",
    "ComparedRow",
    "Comparison",
    "Reading",
    "compare",
    "comparison_of",
    "course_lengths",
    "load_regimens",
    "read_comparison",
    "readings",
    "regimens_of",
]
