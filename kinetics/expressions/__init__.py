"""Text to sympy without running anything, and units over the tree that results."""

from kinetics.expressions.dimensions import Dimensions
from kinetics.expressions.evaluation import evaluate
from kinetics.expressions.grammar import MAX_DEPTH, RESERVED, is_name, parse

__all__ = ["MAX_DEPTH", "RESERVED", "Dimensions", "evaluate", "is_name", "parse"]
