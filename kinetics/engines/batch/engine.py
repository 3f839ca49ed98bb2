"""The batch engine: one patient with a dense solution or sensitivities, or any number of patients at given times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads

from kinetics.compile import System
from kinetics.engines.batch.kinks import kink_times, with_edges
from kinetics.engines.batch.program import load_program
from kinetics.engines.batch.recorded import Recorded
from kinetics.engines.firing import Fired, levels_of
from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments, Triggers

__all__ = ["TOLERANCES", "Batch", "integrate", "integrate_many", "integrate_with_sensitivities"]

TOLERANCES = Tolerances(relative=1e-7, absolute=1e-12)
MOST_STEPS = 100_000
FIRST_RECORD = 2_000
ROUNDS = 8
_REASONS = {
    1: "more than {most} steps",
    2: "the step size fell to zero",
    3: "the rates are not finite",
}
_NO_EVENTS = (np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, eq=False)
class Batch:
    """What is known of many patients.

    Parameters
    ----------
    outputs : ndarray, (patient, time, output)
        In the units of the model; NaN for a patient that failed.
    states : ndarray, (patient, time, state), or None
        If asked for.
    reached : ndarray, (patient, event, course)
        Model time of the first upward crossing after the nadir; infinite if none, NaN if never below.
    steps : ndarray, (patient,)
        Steps taken, rejected ones included.
    reasons : list of str
        Why a patient failed; empty for one that did not.
    fired : Fired, (patient, ...), or None
        What rules did, if there are any.
    """

    outputs: np.ndarray
    states: np.ndarray | None
    reached: np.ndarray
    steps: np.ndarray
    reasons: list[str]
    fired: Fired | None = None


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
    tolerances = tolerances or TOLERANCES
    if triggers is None:
        recorded, _ = _recorded(system, constants, first, segments, tolerances, None)
        return Trajectory(system, constants, first, [recorded])
    fired = Fired.none(triggers)
    rules = _rules(system, triggers, levels_of(system, constants, triggers), fired)
    recorded, _ = _recorded(system, constants, first, segments, tolerances, None, (triggers, rules))
    return Trajectory(system, constants, first, [recorded], fired)


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
    tolerances = tolerances or TOLERANCES
    if functions.KINKS:
        plain, _ = _recorded(system, constants, first, segments, tolerances, None)
        segments = with_edges(segments, kink_times(system, constants, plain))
    inflows, jumps = np.zeros((2, len(segments), first.size, size))
    for column, drug in enumerate(drugs, len(names) + len(initial)):
        row = segments.drugs.index(drug)
        inflows[:, :, column] = np.outer(segments.rates[:, row], system.dose_matrix()[row])
        jumps[:, :, column] = np.outer(segments.boluses[:, row], system.dose_matrix()[row])
    directions = (at_start, by_parameter, inflows, jumps)
    recorded, _ = _recorded(system, constants, first, segments, tolerances, directions)
    start = np.concatenate([first, at_start.T.ravel()])
    return SensitiveTrajectory(system, constants, start, [recorded], by_parameter=by_parameter)


def integrate_many(
    system: System,
    constants: np.ndarray,
    plans: Sequence[tuple[Segments, np.ndarray]],
    which: np.ndarray,
    times: np.ndarray,
    *,
    events: tuple[Sequence[str], np.ndarray] | None = None,
    states: bool = False,
    tolerances: Tolerances | None = None,
    triggers: Triggers | None = None,
) -> Batch:
    """Integrate many patients on all threads; the same numbers whatever their count.

    Parameters
    ----------
    system : System
        The compiled model.
    constants : ndarray, (patient, constant)
        Parameters and derived constants.
    plans : sequence of (Segments, ndarray)
        Dose edges with the starts of the courses, (course,); all with as many courses.
    which : ndarray of int, (patient,)
        The plan of each patient.
    times : ndarray, (time,)
        Output times.
    events : (sequence of str, ndarray), optional
        Outputs, and levels (patient, event) whose upward crossing after each course's nadir is found.
    states : bool
        Return the states as well.
    tolerances : Tolerances, optional
        Error bounds.
    triggers : Triggers, optional
        Rules that give doses, those of all plans.

    Returns
    -------
    Batch
        A patient that fails, or whose constants are not admissible, is NaN with its reason.
    """
    tolerances = tolerances or TOLERANCES
    program, functions = load_program(system), system.functions
    size, courses = len(constants), plans[0][1].size
    names, levels = events if events is not None else ((), np.empty((size, 0)))
    watched = np.array([system.outputs.index(name) for name in names], dtype=np.int64)
    rows = np.full((size, times.size, len(system.outputs)), np.nan)
    kept = np.full((size, times.size, len(system.states)) if states else (size, 0, 0), np.nan)
    reached = np.full((size, watched.size, courses), np.nan)
    told = np.zeros((size, 4))
    reasons = ["" for _ in range(size)]
    which = np.array(which, dtype=np.int64)
    for patient in np.flatnonzero(~system.admissible(constants)):
        below = system.below_minimum(constants[patient])
        reasons[patient] = f"impossible parameters: {', '.join(below)} below its minimum or not finite"
        which[patient] = -1
    atol = np.ones((size, len(system.states)))
    for plan in np.unique(which[which >= 0]):
        own = np.flatnonzero(which == plan)
        starts = np.array([functions.initial(constants[patient]) for patient in own])
        atol[own] = tolerances.absolute * state_scale(system, starts, plans[plan][0], triggers)
    limits = (tolerances.relative, atol, MOST_STEPS)
    fired = rules = None
    if triggers is not None:
        fired, thresholds = Fired.none(triggers, size), np.full((size, len(triggers)), np.nan)
        given = which >= 0
        thresholds[given] = levels_of(system, constants[given], triggers)
        rules = _rules(system, triggers, thresholds, fired)
    asked = (
        np.ascontiguousarray(constants),
        _stacked(system, plans),
        which,
        limits,
        (watched, np.ascontiguousarray(levels, dtype=float)),
        _snapped(times, plans),
    )
    filled = (rows, reached, kept, told)
    if rules is None:
        _in_stretches(program.integrate_population, size, functions.LANES, (*asked, *filled))
    else:
        _in_stretches(program.integrate_with_rules, size, 1, (*asked, *filled, rules))
    for patient in np.flatnonzero(told[:, 0]):
        reasons[patient] = _reason(system, plans[which[patient]][0], told[patient])
    return Batch(rows, kept if states else None, reached, told[:, 1].astype(np.int64), reasons, fired)


def _in_stretches(integrate: Callable[..., None], patients: int, lanes: int, arrays: tuple[Any, ...]) -> None:
    """Integrate all patients on the threads that numba is allowed, a few full lanes at a time."""
    threads = get_num_threads()
    share = -(-patients // (threads * lanes))
    size = lanes * max(1, min(share, ROUNDS))
    begins = range(0, patients, size)
    if min(threads, len(begins)) < 2:
        integrate(0, patients, *arrays)
        return
    integrate(0, 0, *arrays)  # compiles, before threads would all want to
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(integrate, begin, min(begin + size, patients), *arrays) for begin in begins]:
            done.result()


def _stacked(system: System, plans: Sequence[tuple[Segments, np.ndarray]]) -> tuple[np.ndarray, ...]:
    """The plans in arrays of one length."""
    doses, most, states = system.dose_matrix(), max(len(plan) for plan, _ in plans), len(system.states)
    edges = np.zeros((len(plans), most + 1))
    forcings, jumps = np.zeros((2, len(plans), most, states))
    for place, (plan, _) in enumerate(plans):
        edges[place, : len(plan) + 1] = plan.edges
        forcings[place, : len(plan)], jumps[place, : len(plan)] = plan.rates @ doses, plan.boluses @ doses
    counts = np.array([len(plan) for plan, _ in plans], dtype=np.int64)
    # a course that starts a rounding after another dose ends shares its edge
    starts = [_snapped(np.asarray(begin, dtype=float), [(plan, begin)]) for plan, begin in plans]
    return edges, counts, forcings, jumps, np.array(starts)


def _snapped(times: np.ndarray, plans: Sequence[tuple[Segments, np.ndarray]]) -> np.ndarray:
    """Times a rounding away from a dose edge, put on it: the value at a dose is the value before it."""
    edges = np.unique(np.concatenate([plan.edges for plan, _ in plans]))
    nearest = edges[np.clip(np.searchsorted(edges, times), 0, edges.size - 1)]
    before = edges[np.clip(np.searchsorted(edges, times) - 1, 0, edges.size - 1)]
    nearest = np.where(np.abs(before - times) < np.abs(nearest - times), before, nearest)
    return np.where(np.abs(nearest - times) <= 1e-12 * np.abs(times), nearest, times)


def _recorded(
    system: System,
    constants: np.ndarray,
    first: np.ndarray,
    segments: Segments,
    tolerances: Tolerances,
    tangent: tuple[np.ndarray, ...] | None,
    triggered: tuple[Triggers, tuple[Any, ...]] | None = None,
) -> tuple[Recorded, int]:
    """One patient with every step kept; the record grows until it is long enough."""
    program, doses = load_program(system), system.dose_matrix()
    if below := system.below_minimum(constants):
        raise IntegrationError(f"impossible parameters: {', '.join(below)} below its minimum or not finite")
    triggers, rules = triggered or (None, None)
    atol = tolerances.absolute * state_scale(system, first, segments, triggers)
    plan = (segments.edges, segments.rates @ doses, segments.boluses @ doses, np.empty(0))
    limits = (tolerances.relative, atol, MOST_STEPS)
    size = FIRST_RECORD
    while True:
        knots, values = np.zeros(size + 1), np.empty((size, 5, len(system.states)))
        lanes = None if tangent is None else _lanes(system, size, *tangent)
        status, steps, time, state = program.integrate(
            constants,
            plan,
            limits,
            _NO_EVENTS,
            (np.empty(0), np.empty((0, 0)), np.empty((0, 0))),
            np.empty((0, 0)),
            (knots, values),
            lanes,
            rules,
        )
        if status == 0:
            break
        if status != 1 or steps >= MOST_STEPS:
            raise IntegrationError(_reason(system, segments, np.array([status, steps, time, state])))
        size *= 4
    count = int(knots[0])
    ends = np.concatenate([[0.0], knots[1 : count + 1]])
    if tangent is None or lanes is None:
        return Recorded(ends, values[:count]), steps
    record = lanes[5][:count].reshape(count, 5, -1, len(system.states), system.functions.LANES)
    return Recorded(ends, values[:count], record, tangent[1].shape[1]), steps


def _lanes(
    system: System, steps: int, at_start: np.ndarray, by_parameter: np.ndarray, inflows: np.ndarray, jumps: np.ndarray
) -> tuple[Any, ...]:
    """The arrays of `tangent.advance_tangent`: parameters in blocks of lanes."""
    functions, lanes = system.functions, system.functions.LANES
    blocks = max(1, -(-by_parameter.shape[1] // lanes))

    def blocked(array: np.ndarray) -> np.ndarray:
        """(..., state, parameter) to (..., block, state * lane)."""
        *lead, states, size = array.shape
        padded = np.zeros((*lead, states, blocks * lanes))
        padded[..., :size] = array
        return np.ascontiguousarray(
            np.moveaxis(padded.reshape(*lead, states, blocks, lanes), -2, -3).reshape(*lead, blocks, states * lanes)
        )

    return (
        blocked(at_start),
        blocked(inflows),
        blocked(jumps),
        _moved(functions.RATE_BY_CONSTANT, by_parameter, lanes),
        _moved(functions.CURVATURE_BY_CONSTANT, by_parameter, lanes),
        np.empty((steps, 5, blocks, at_start.shape[0] * lanes)),
        np.zeros(2),
    )


def _moved(table: np.ndarray, by_parameter: np.ndarray, lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """Which derivatives by constants a parameter moves: (block, place, entry) and weights."""
    entries, columns = np.nonzero(by_parameter[table[1]])
    places = np.vstack([columns // lanes, table[0, entries] * lanes + columns % lanes, entries]).astype(np.uint64)
    return np.ascontiguousarray(places), by_parameter[table[1, entries], columns]


def _rules(system: System, triggers: Triggers, levels: np.ndarray, fired: Fired) -> tuple[Any, ...]:
    """The rules as `triggered` has them; ``levels`` and ``fired`` may have a leading axis (patient,)."""
    columns = np.array([system.outputs.index(name) for name in triggers.outputs], dtype=np.int64)
    gifts = np.ascontiguousarray(triggers.gifts @ system.dose_matrix())
    numbers = (triggers.signs, triggers.most, triggers.apart, triggers.windows, triggers.durations)
    return columns, levels, *numbers, gifts, triggers.same, fired.times, fired.rules, fired.capped


def _reason(system: System, segments: Segments, told: np.ndarray) -> str:
    status, steps, time, state = told
    segment = int(np.clip(np.searchsorted(segments.edges, time, side="right"), 1, len(segments)))
    what = _REASONS[int(status)].format(most=MOST_STEPS)
    return (
        f"Rodas5P stopped in segment {segment} of {len(segments)} at time {time:.6g}, "
        f"state {system.states[int(state)]}: {what} after {int(steps)} steps. "
        f"Try the scipy engine, a looser tolerance, or check the parameters."
    )
