"""One patient: every step is kept for a dense solution, with or without its sensitivities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines.batch.kernels.workspaces import Rules
from kinetics.engines.batch.program import load_program
from kinetics.engines.batch.recorded import Recorded
from kinetics.engines.batch.sensitivity_blocks import blocked, moved
from kinetics.engines.batch.stopping import MOST_STEPS, TOLERANCES, rule_arrays, why_stopped
from kinetics.engines.rule_monitor import TriggeredDoses, levels_of
from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments, Triggers
from kinetics.units.levels import slack

__all__ = ["integrate", "integrate_with_sensitivities"]

FIRST_RECORD = 2_000
_NO_EVENTS = (np.empty(0, np.int64), np.empty(0), np.empty(0))
_NO_SAMPLES = (np.empty(0), np.empty((0, 0)), np.empty((0, 0)), None)


def integrate(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    *,
    tolerances: Tolerances | None = None,
    triggers: Triggers | None = None,
) -> Trajectory:
    """Integrate one patient, with a dense solution of order 4.

    Parameters
    ----------
    system : System
        The compiled model.
    constants : ndarray, (constant,)
        Parameters and derived constants, in the model's units.
    segments : Segments
        Dose edges, rates and boluses; no step crosses an edge.
    tolerances : Tolerances, optional
        Error bounds.
    triggers : Triggers, optional
        Rules that give doses.

    Returns
    -------
    Trajectory

    Raises
    ------
    IntegrationError
        If the integrator gives up; the message names segment, time and state.
    """
    first = system.functions.initial(constants)
    tolerances, scale = tolerances or TOLERANCES, state_scale(system, first, segments, triggers)
    fired = rules = None
    if triggers is not None:
        fired = TriggeredDoses.none(triggers)
        rules = rule_arrays(system, triggers, levels_of(system, constants, triggers), slack(tolerances.relative), fired)
    recorded = _recorded(system, constants, segments, tolerances, scale, rules=rules)
    return Trajectory(system, constants, first, [recorded], fired, relative=tolerances.relative)


def integrate_with_sensitivities(
    system: System,
    parameters: np.ndarray,
    names: Sequence[str],
    segments: Segments,
    *,
    initial: Sequence[str] = (),
    drugs: Sequence[str] = (),
    tolerances: Tolerances | None = None,
) -> SensitiveTrajectory:
    """Integrate one patient and the exact tangent of the numerical solution by parameters, initial values and doses.

    Parameters
    ----------
    system : System
        The compiled model.
    parameters : ndarray, (parameter,)
        All parameters, in the model's units.
    names : sequence of str
        The flat names of those to differentiate by.
    segments : Segments
        Dose edges, rates and boluses.
    initial : sequence of str
        States whose initial value to differentiate by, after the parameters.
    drugs : sequence of str
        Drugs to differentiate by last: by a factor on all amounts of the drug, at 1.
    tolerances : Tolerances, optional
        Error bounds of the states; the derivatives are those of the numerical solution.

    Returns
    -------
    SensitiveTrajectory

    Raises
    ------
    IntegrationError
        If the integrator gives up.
    """
    functions = system.functions
    constants = system.constants(parameters)
    columns = [system.parameters.index(name) for name in names]
    size = len(names) + len(initial) + len(drugs)
    by_parameter = np.zeros((constants.size, size))
    by_parameter[:, : len(names)] = functions.constants_by_parameter(parameters)[:, columns]
    first = functions.initial(constants)
    at_start = functions.initial_by_constant(constants) @ by_parameter
    for column, state in enumerate(initial, len(names)):
        at_start[system.states.index(state), column] = 1.0
    inflows, jumps = np.zeros((2, len(segments), first.size, size))
    for column, drug in enumerate(drugs, len(names) + len(initial)):
        row = segments.drugs.index(drug)
        inflows[:, :, column] = np.outer(segments.rates[:, row], system.dose_matrix()[row])
        jumps[:, :, column] = np.outer(segments.boluses[:, row], system.dose_matrix()[row])
    directions = (at_start, by_parameter, inflows, jumps)
    tolerances, scale = tolerances or TOLERANCES, state_scale(system, first, segments)
    recorded = _recorded(system, constants, segments, tolerances, scale, tangent=directions)
    start = np.concatenate([first, at_start.T.ravel()])
    states = Recorded(recorded.ts, recorded.values)
    return SensitiveTrajectory(
        system,
        constants,
        start,
        [states],
        relative=tolerances.relative,
        with_tangent=[recorded],
        segments=segments,
        by_parameter=by_parameter,
    )


def _recorded(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    tolerances: Tolerances,
    scale: np.ndarray,
    *,
    tangent: tuple[np.ndarray, ...] | None = None,
    rules: Rules | None = None,
) -> Recorded:
    """One patient with every step kept; the record grows until it is long enough."""
    program, doses = load_program(system), system.dose_matrix()
    if reason := system.impossible(constants):
        raise IntegrationError(reason)
    plan = (segments.edges, segments.rates @ doses, segments.boluses @ doses, np.empty(0))
    absolute = tolerances.bounds(system, scale)
    limits = (tolerances.relative, absolute, MOST_STEPS)
    size, last = FIRST_RECORD, np.empty(len(system.states))
    while True:
        knots, values = np.zeros(size + 1), np.empty((size, 5, len(system.states)))
        lanes = None if tangent is None else _lanes(system, size, *tangent)
        status, steps, time = program.integrate(
            constants,
            plan,
            limits,
            _NO_EVENTS,
            _NO_SAMPLES,
            np.empty((0, 0)),
            (knots, values),
            lanes,
            rules,
            last,
        )
        if status == 0:
            break
        if status != 1 or steps >= MOST_STEPS:
            told = np.array([status, steps, time, *last])
            raise IntegrationError(why_stopped(system, constants, segments, told, absolute))
        size *= 4
    count = int(knots[0])
    ends = np.concatenate([[0.0], knots[1 : count + 1]])
    if tangent is None or lanes is None:
        return Recorded(ends, values[:count])
    record = lanes[5][:count].reshape(count, -1, 5, len(system.states), system.functions.LANES)
    return Recorded(ends, values[:count], np.moveaxis(record, 2, 1), tangent[1].shape[1])


def _lanes(
    system: System, steps: int, at_start: np.ndarray, by_parameter: np.ndarray, inflows: np.ndarray, jumps: np.ndarray
) -> tuple[Any, ...]:
    """The arrays of `tangent.advance_tangent`."""
    functions, lanes = system.functions, system.functions.LANES
    start = blocked(at_start, lanes)
    return (
        start,
        blocked(inflows, lanes),
        blocked(jumps, lanes),
        moved(functions.RATE_BY_CONSTANT, by_parameter, lanes),
        moved(functions.CURVATURE_BY_CONSTANT, by_parameter, lanes),
        np.empty((steps, len(start), 5 * start.shape[1])),
        np.zeros(2),
    )
