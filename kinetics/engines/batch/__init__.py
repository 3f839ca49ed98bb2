"""The fast engine: a Rosenbrock method in loops that are the same for all models, one patient or a million."""

from kinetics.engines.batch.ensemble import Batch, integrate_many
from kinetics.engines.batch.gradients import Gradients, integrate_many_with_sensitivities
from kinetics.engines.batch.single import differentiate, integrate, integrate_with_sensitivities
from kinetics.engines.batch.stopping import TOLERANCES

__all__ = [
    "TOLERANCES",
    "Batch",
    "Gradients",
    "differentiate",
    "integrate",
    "integrate_many",
    "integrate_many_with_sensitivities",
    "integrate_with_sensitivities",
]
