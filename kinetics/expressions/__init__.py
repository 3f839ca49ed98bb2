"""Text to sympy without running anything, and units over the tree that results."""

from kinetics.expressions.dimensions import Dimensions
from kinetics.expressions.evaluation import evaluate
from kinetics.expressions.functions import exponent_text, log, power, powers_as_written
from kinetics.expressions.grammar import parse, parse_condition
from kinetics.expressions.limits import MAX_DEPTH
from kinetics.expressions.reserved import RESERVED, is_name

__all__ = [
    "MAX_DEPTH",
    "RESERVED",
    "Dimensions",
    "evaluate",
    "exponent_text",
    "is_name",
    "log",
    "parse",
    "parse_condition",
    "power",
    "powers_as_written",
]
