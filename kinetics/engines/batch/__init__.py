"""The fast engine: a Rosenbrock method on code generated for one model, one patient or a million."""

from kinetics.engines.batch.engine import TOLERANCES, Batch, integrate, integrate_many, integrate_with_sensitivities

__all__ = ["TOLERANCES", "Batch", "integrate", "integrate_many", "integrate_with_sensitivities"]
