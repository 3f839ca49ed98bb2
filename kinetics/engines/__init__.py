"""Integrators of compiled models: SciPy's, the reference, and the batch engine."""

from kinetics.engines.tolerances import Tolerances

__all__ = ["Tolerances"]
