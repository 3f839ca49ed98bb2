"""One patient of a model with events, integrated by either engine with derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines import batch, scipy, sensitivity
from kinetics.engines.events.integrating import integrate
from kinetics.engines.events.sensitivity import SensitiveEventTrajectory
from kinetics.engines.events.tangent import Tangent, fixed, sensitive
from kinetics.engines.events.trajectory import EventTrajectory
from kinetics.engines.sensitivity import Directions
from kinetics.engines.tolerances import Tolerances
from kinetics.engines.trajectory import Trajectory
from kinetics.regimen import Segments

ENGINES: dict[str, tuple[Any, Any, Tolerances]] = {
    "batch": (batch.integrate, batch.differentiate, batch.TOLERANCES),
    "scipy": (scipy.integrate, sensitivity.differentiate, scipy.TOLERANCES),
}
"""Between events: what integrates, what differentiates, and the engine's own error bounds."""


def integrate_patient(
    engine: str,
    system: System,
    constants: np.ndarray,
    segments: Segments,
    *,
    tolerances: Tolerances | None = None,
    start: np.ndarray | None = None,
) -> EventTrajectory:
    """`kinetics.engines.events.integrate` with an engine of a name, "batch" or "scipy"."""
    integrate_one, _, own = ENGINES[engine]

    first, bounds = start, tolerances or own

    def solve(segments: Segments, start: np.ndarray, tolerances: Tolerances) -> Trajectory:
        return integrate_one(system, constants, segments, start=start, tolerances=tolerances)

    return integrate(system, constants, segments, solve, bounds, start=first)


def integrate_with_sensitivities(
    engine: str,
    system: System,
    parameters: np.ndarray,
    names: Sequence[str],
    segments: Segments,
    *,
    tolerances: Tolerances | None = None,
) -> SensitiveEventTrajectory:
    """Integrate one patient of a model with events, and the derivatives of its states by chosen parameters.

    Parameters
    ----------
    engine : {"batch", "scipy"}
        Which integrates between events.
    system : System
        The compiled model.
    parameters : ndarray, (parameter,)
        All parameters, in the model's units.
    names : sequence of str
        The flat names of those to differentiate by.
    segments : Segments
        Dose edges, rates and boluses.
    tolerances : Tolerances, optional
        Error bounds.

    Raises
    ------
    IntegrationError
        If the engine gives up, events set one another off without an end, or a derivative does not exist: a trigger is
        touched and not crossed, or events come at one time that move apart.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.compile import compile_model
    >>> from kinetics.model import Event, Model, Output, Parameter, State
    >>> from kinetics.regimen import Regimen, model_segments
    >>> k, low, A = sp.symbols("k low A")
    >>> rows = [Parameter(name="k", value=0.5, unit="1/day"), Parameter(name="low", value=0.25, unit="1")]
    >>> pool, out = State(name="A", unit="1", initial=1, rate=-k * A), Output(name="left", unit="1", value=A)
    >>> refill = Event(name="refill", trigger=A < low, assignments={"A": sp.Integer(1)})
    >>> more = {"parameters": rows, "states": [pool], "outputs": [out], "events": [refill]}
    >>> system = compile_model(Model.from_symbols("pool", time="day", **more))
    >>> plan = model_segments(Regimen.none(), system.model, 4.0)
    >>> found = integrate_with_sensitivities("scipy", system, system.parameter_array(), ["k", "low"], plan)
    >>> found.output_gradient(np.array([4.0]))[0, 0].round(6)  # exp(-k t)/low: 1/low times -4 exp(-2), -exp(-2)/low^2
    array([-2.165365, -2.165365])
    """
    constants, directions = system.constants(parameters), Directions.of(system, parameters, names, segments)
    start = system.functions.initial(constants)
    return differentiate(engine, system, constants, segments, start, directions, tolerances=tolerances)


def differentiate(
    engine: str,
    system: System,
    constants: np.ndarray,
    segments: Segments,
    start: np.ndarray,
    directions: Directions,
    *,
    tolerances: Tolerances | None = None,
    scale: np.ndarray | None = None,
    rate: np.ndarray | None = None,
) -> SensitiveEventTrajectory:
    """What `kinetics.engines.sensitivity.differentiate` does, for a model with events.

    ``rate``, (state,), are the rates of the states before time 0, if what is integrated goes on from there: what fires
    at 0 may have done so before it, or after it.
    """
    if scale is not None:
        tolerances = tolerances or ENGINES[engine][2]
        tolerances = fixed(system, tolerances, tolerances.bounds(system, scale))
    found = integrate_patient(engine, system, constants, segments, start=start, tolerances=tolerances)
    if not directions.start.shape[1]:
        return sensitive(found, found.start, found.pieces, segments, directions, ())
    tangent = Tangent(found, start, segments, directions, ENGINES[engine][1])
    if rate is not None:
        tangent.go_on(rate)
    return tangent.finished()
