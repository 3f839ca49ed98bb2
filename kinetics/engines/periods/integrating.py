"""Integrate many experiments side by side, with either engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from kinetics.compile import System
from kinetics.engines.periods.experiments import Experiment, ExperimentValues
from kinetics.engines.tolerances import Tolerances


def integrate_experiments(
    system: System,
    experiments: Sequence[Experiment],
    outputs: Sequence[str],
    *,
    engine: Literal["batch", "scipy"] = "batch",
    tolerances: Tolerances | None = None,
) -> list[ExperimentValues]:
    """Integrate experiments, each a sequence of periods, with exact derivatives through jumps and steady states.

    Parameters
    ----------
    system : System
        The compiled model. A state ``clock`` has the model's time: at the begin of the first period it is ``begin``.
    experiments : sequence of sequence of Period
        All with the same directions.
    outputs : sequence of str
        Outputs of the model that are returned.
    engine : {"batch", "scipy"}
        Which integrates.
    tolerances : Tolerances, optional
        Error bounds of the states.

    Returns
    -------
    list of ExperimentValues
        One an experiment. One that fails, or has no steady state, has its reason.

    Raises
    ------
    InputError
        With every fault of the periods: arrays of the wrong shape, times out of order, periods apart.
    UnknownNameError
        If a name is no output.
    """
    raise NotImplementedError
