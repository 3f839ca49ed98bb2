"""Any number of patients at given times, sixteen side by side on every thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads

from kinetics.compile import System
from kinetics.engines.batch.program import load_program
from kinetics.engines.batch.stopping import MOST_STEPS, TOLERANCES, rule_arrays, why_stopped
from kinetics.engines.firing import Fired, levels_of
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.errors import InputError
from kinetics.regimen import Segments, Triggers

__all__ = ["Batch", "integrate_many"]

ROUNDS = 8
ROUNDING = 1e-12
Plan = tuple[Segments, np.ndarray]


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


def integrate_many(
    system: System,
    constants: np.ndarray,
    plans: Sequence[Plan],
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
        Dose edges with the starts of the courses, (course,); crossings are NaN in the courses a plan does not have.
    which : ndarray of int, (patient,)
        The plan of each patient.
    times : ndarray, (time,)
        Output times, in order.
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

    Raises
    ------
    InputError
        If the output times are not in order, or not between 0 and the end of every plan.
    """
    tolerances, program = tolerances or TOLERANCES, load_program(system)
    size, courses = len(constants), max(begins.size for _, begins in plans)
    names, levels = events if events is not None else ((), np.empty((size, 0)))
    watched = np.array([system.outputs.index(name) for name in names], dtype=np.int64)
    reasons, which = _admitted(system, constants, which)
    asked = (
        np.ascontiguousarray(constants),
        _stacked(system, plans),
        which,
        (tolerances.relative, _absolute(system, constants, plans, which, tolerances, triggers), MOST_STEPS),
        (watched, np.ascontiguousarray(levels, dtype=float)),
        _output_times(times, plans),
    )
    rows = np.full((size, times.size, len(system.outputs)), np.nan)
    kept = np.full((size, times.size, len(system.states)) if states else (size, 0, 0), np.nan)
    reached = np.full((size, watched.size, courses), np.nan)
    told, fired = np.zeros((size, 3 + len(system.states))), None
    filled = (rows, reached, kept, told)
    if triggers is None:
        _in_stretches(program.integrate_population, size, system.functions.LANES, (*asked, *filled))
    else:
        fired, thresholds = Fired.none(triggers, size), np.full((size, len(triggers)), np.nan)
        thresholds[which >= 0] = levels_of(system, constants[which >= 0], triggers)
        rules = rule_arrays(system, triggers, thresholds, fired)
        _in_stretches(program.integrate_with_rules, size, 1, (*asked, *filled, rules))
    for patient in np.flatnonzero(told[:, 0]):
        reasons[patient] = why_stopped(system, constants[patient], plans[which[patient]][0], told[patient])
    return Batch(rows, kept if states else None, reached, told[:, 1].astype(np.int64), reasons, fired)


def _admitted(system: System, constants: np.ndarray, which: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Why each patient cannot be, if so, and plans with -1 for those patients."""
    reasons, which = ["" for _ in range(len(constants))], np.array(which, dtype=np.int64)
    for patient in np.flatnonzero(~system.admissible(constants)):
        reasons[patient], which[patient] = system.impossible(constants[patient]), -1
    return reasons, which


def _absolute(
    system: System,
    constants: np.ndarray,
    plans: Sequence[Plan],
    which: np.ndarray,
    tolerances: Tolerances,
    triggers: Triggers | None,
) -> np.ndarray:
    """Absolute tolerances, (patient, state)."""
    found = np.ones((len(constants), len(system.states)))
    for plan in np.unique(which[which >= 0]):
        own = which == plan
        starts = system.functions.initial_table(np.ascontiguousarray(constants[own]))
        found[own] = tolerances.absolute * state_scale(system, starts, plans[plan][0], triggers)
    return found


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


def _stacked(system: System, plans: Sequence[Plan]) -> tuple[np.ndarray, ...]:
    """The plans in arrays of one length."""
    doses, most, states = system.dose_matrix(), max(len(plan) for plan, _ in plans), len(system.states)
    edges = np.zeros((len(plans), most + 1))
    forcings, jumps = np.zeros((2, len(plans), most, states))
    starts, known = np.full((len(plans), max(begins.size for _, begins in plans)), np.nan), _edges(plans)
    for place, (plan, begins) in enumerate(plans):
        edges[place, : len(plan) + 1] = _snapped(plan.edges, known)
        forcings[place, : len(plan)], jumps[place, : len(plan)] = plan.rates @ doses, plan.boluses @ doses
        starts[place, : begins.size] = _snapped(np.asarray(begins, dtype=float), known)
    counts = np.array([len(plan) for plan, _ in plans], dtype=np.int64)
    return edges, counts, forcings, jumps, starts


def _output_times(times: np.ndarray, plans: Sequence[Plan]) -> np.ndarray:
    """Output times in order, on the dose edges that they are a rounding away from: a value at a dose is that before."""
    times, end = np.asarray(times, dtype=float), min(plan.edges[-1] for plan, _ in plans)
    snapped = _snapped(times, _edges(plans))
    if not (np.diff(snapped) >= 0).all() or not ((snapped >= 0) & (snapped <= end)).all():
        raise InputError(f"output times must be numbers in order, from 0 to the end at {end:g}")
    return snapped


def _edges(plans: Sequence[Plan]) -> np.ndarray:
    """The dose edges of all plans; of those a rounding apart the first."""
    edges = np.unique(np.concatenate([plan.edges for plan, _ in plans]))
    return edges[np.diff(edges, prepend=-np.inf) > ROUNDING * edges]


def _snapped(times: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Times a rounding away from an edge, put on it."""
    after = np.clip(np.searchsorted(edges, times), 1, edges.size - 1)
    nearest = np.where(times - edges[after - 1] < edges[after] - times, edges[after - 1], edges[after])
    return np.where(np.abs(nearest - times) <= ROUNDING * np.abs(times), nearest, times)
