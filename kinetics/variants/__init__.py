"""Structures that compete: variants of a fit, each with a model of its own, fitted to the same rows."""

from kinetics.variants.comparing import compare_models
from kinetics.variants.fitted import FittedVariant, ModelComparison

__all__ = ["FittedVariant", "ModelComparison", "compare_models"]
