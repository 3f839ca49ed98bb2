"""Text to sympy without running anything, and units over the tree that results."""

from kinetics.expressions.dimensions import Dimensions
from kinetics.expressions.elementary import FUNCTIONS as ELEMENTARY
from kinetics.expressions.elementary import LARGEST_ANGLE, LARGEST_FACTORIAL, as_written
from kinetics.expressions.evaluation import evaluate
from kinetics.expressions.functions import branches, exponent_text, log, piecewise, power
from kinetics.expressions.grammar import parse, parse_condition
from kinetics.expressions.limits import MAX_DEPTH
from kinetics.expressions.reserved import RESERVED, is_name

__all__ = [
    "ELEMENTARY",
    "LARGEST_ANGLE",
    "LARGEST_FACTORIAL",
    "MAX_DEPTH",
    "RESERVED",
    "Dimensions",
    "as_written",
    "branches",
    "evaluate",
    "exponent_text",
    "is_name",
    "log",
    "parse",
    "parse_condition",
    "piecewise",
    "power",
]
