"""Only the states that move: what doses leave at rest is found by symbols, before a model is compiled."""

from kinetics.reduction.rest import Rest, find_rest

__all__ = ["Rest", "find_rest"]
