"""Integrate many experiments side by side, with either engine."""

from __future__ import annotations

from collections.abc import Sequence

from kinetics.compile import System
from kinetics.engines.dosing.integrating import ENGINES, Engine
from kinetics.engines.periods.checks import check
from kinetics.engines.periods.experiments import Experiment, ExperimentValues
from kinetics.engines.periods.run import Run
from kinetics.engines.tolerances import Tolerances


def integrate_experiments(
    system: System,
    experiments: Sequence[Experiment],
    outputs: Sequence[str],
    *,
    engine: Engine = "batch",
    tolerances: Tolerances | None = None,
) -> list[ExperimentValues]:
    """Integrate experiments, each a sequence of periods, with exact derivatives through jumps and steady states.

    Parameters
    ----------
    system : System
        The compiled model. A state ``clock`` has the model's time: where a period begins it is ``begin``, and while the
        first one takes the states to rest from minus infinity on it starts at ``end``.
    experiments : sequence of sequence of Period
        All with the same directions.
    outputs : sequence of str
        Outputs of the model that are returned.
    engine : {"batch", "scipy"}
        Which integrates.
    tolerances : Tolerances, optional
        Error bounds of the states. Absolute ones count from the states behind the first jump.

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

    Examples
    --------
    >>> import numpy as np
    >>> import sympy as sp
    >>> from kinetics.compile import compile_model
    >>> from kinetics.engines.periods import Period
    >>> from kinetics.model import Model, Output, Parameter, State
    >>> made, k, A = sp.symbols("made k A")
    >>> rows = [Parameter(name="made", value=6, unit="mg/day"), Parameter(name="k", value=2, unit="1/day")]
    >>> pool, out = State(name="A", unit="mg", initial=0, rate=made - k * A), Output(name="left", unit="mg", value=A)
    >>> model = Model.from_symbols("pool", time="day", parameters=rows, states=[pool], outputs=[out])
    >>> system, values, none = compile_model(model), np.array([6.0, 2.0]), np.empty(0)
    >>> first = Period(begin=-np.inf, end=0, parameters=values, parameter_changes=np.eye(2), times=none)
    >>> values, changes = np.array([0.0, 2.0]), np.diag([0.0, 1.0])  # nothing is made from then on
    >>> second = Period(begin=0, end=1, parameters=values, parameter_changes=changes, times=np.array([0.0, 1.0]))
    >>> found = integrate_experiments(system, [[first, second]], ["left"])[0].periods[1]
    >>> found.outputs.ravel().round(6)  # 6/2 exp(-2 t)
    array([3.      , 0.406006])
    >>> found.gradients[:, 0].round(6)
    array([[ 0.5     , -1.5     ],
           [ 0.067668, -0.609009]])
    """
    check(system, experiments, outputs, engine)
    integrate, own_tolerances = ENGINES[engine]
    run = Run(system, experiments, outputs, integrate, tolerances or own_tolerances)
    return run.values()
