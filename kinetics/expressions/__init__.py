"""Text to sympy without running anything, and units over the tree that results."""

from kinetics.expressions.dimensions import Dimensions
from kinetics.expressions.grammar import MAX_DEPTH, RESERVED, is_name, parse

__all__ = ["MAX_DEPTH", "RESERVED", "Dimensions", "is_name", "parse"]
