"""Experiments of consecutive periods, with jumps between them and steady states before them, and exact derivatives."""

from kinetics.engines.periods.experiments import (
    Experiment,
    ExperimentValues,
    Jump,
    JumpedStates,
    Period,
    PeriodValues,
)
from kinetics.engines.periods.integrating import integrate_experiments

__all__ = [
    "Experiment",
    "ExperimentValues",
    "Jump",
    "JumpedStates",
    "Period",
    "PeriodValues",
    "integrate_experiments",
]
