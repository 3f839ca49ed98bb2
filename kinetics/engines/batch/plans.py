"""Many patients as compiled code takes them: plans of one length, tolerances, and who cannot be integrated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kinetics.compile import System
from kinetics.engines.batch.kernels.problems import Ensemble, Limits, Schedule, Solution, Thresholds
from kinetics.engines.batch.stopping import MOST_STEPS, explain_stop
from kinetics.engines.batch.work import code_of_lanes, code_of_one
from kinetics.engines.jumps import jumps
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.errors import InputError
from kinetics.regimen import Segments, Triggers
from kinetics.units.levels import slack

ROUNDING = 1e-12
Plan = tuple[Segments, np.ndarray]


def prepare(
    system: System,
    constants: np.ndarray,
    plans: Sequence[Plan],
    which: np.ndarray,
    times: np.ndarray,
    events: tuple[Sequence[str], np.ndarray],
    tolerances: Tolerances,
    triggers: Triggers | None = None,
    starts: np.ndarray | None = None,
) -> tuple[Ensemble, list[str]]:
    """The arguments of `ensemble.integrate_many` in arrays, and why a patient cannot be; empty for one that can.

    Raises
    ------
    InputError
        If the output times are not in order, or not between 0 and the end of their plan.
    """
    constants = np.ascontiguousarray(constants, dtype=float)
    reasons, admitted = ["" for _ in constants], np.array(which, dtype=np.int64)
    for patient in np.flatnonzero(~system.admissible(constants)):
        reasons[patient], admitted[patient] = system.impossible(constants[patient]), -1
    names, levels = events[0], np.ascontiguousarray(events[1], dtype=float)
    watched = np.array([system.outputs.index(name) for name in names], dtype=np.int64)
    thresholds = Thresholds(len(names), watched, levels, slack(tolerances.relative) * np.abs(levels))
    rest = system.functions.initial_table(constants)
    if starts is not None:
        admitted[~np.isfinite(starts).all(axis=1)] = -1
    absolute = _absolute_tolerances(system, constants, rest, plans, admitted, tolerances, triggers)
    limits = Limits(tolerances.relative, absolute, MOST_STEPS)
    segments = np.array([len(plan) for plan, _ in plans], dtype=np.int64)
    times = _output_times(times, plans)
    stacked, codes = _stacked(system, plans), (code_of_lanes(system), code_of_one(system))
    patients = constants, rest if starts is None else np.ascontiguousarray(starts), admitted
    return Ensemble(*codes, *patients, stacked, segments, limits, thresholds, times.shape[1], times), reasons


def empty_solution(system: System, ensemble: Ensemble, *, states: bool = False) -> Solution:
    """All NaN; with states if asked for."""
    patients, times, size = len(ensemble.constants), ensemble.n_times, len(system.states)
    events, courses = ensemble.thresholds.events, ensemble.schedules.n_courses
    status, steps = np.zeros((2, patients), np.int64)
    return Solution(
        states,
        np.full((patients, times, len(system.outputs)), np.nan),
        np.full((patients, times, size) if states else (patients, 0, 0), np.nan),
        np.full((patients, events, courses), np.nan),
        status,
        steps,
        stop_time=np.zeros(patients),
        stop_states=np.zeros((patients, size)),
    )


def explain_failures(
    system: System,
    ensemble: Ensemble,
    solution: Solution,
    plan_of: Callable[[int], Segments],
    reasons: list[str],
) -> None:
    """Set the reasons of those patients whose integration stopped, from the plan of a number."""
    for patient in np.flatnonzero(solution.status):
        reasons[patient] = explain_stop(
            system,
            ensemble.constants[patient],
            plan_of(int(ensemble.plan[patient])),
            ensemble.limits.absolute[patient],
            status=int(solution.status[patient]),
            steps=int(solution.steps[patient]),
            time=float(solution.stop_time[patient]),
            states=solution.stop_states[patient],
        )


def _absolute_tolerances(
    system: System,
    constants: np.ndarray,
    rest: np.ndarray,
    plans: Sequence[Plan],
    which: np.ndarray,
    tolerances: Tolerances,
    triggers: Triggers | None,
) -> np.ndarray:
    """Absolute tolerances, (patient, state)."""
    admitted = which >= 0
    absolute, rows = np.ones((len(constants), len(system.states))), constants[admitted]
    # the scale of a state counts the doses of the patient's own plan
    largest = np.array([plan.largest for plan, _ in plans])[which[admitted]]
    scale = state_scale(system, rows, rest[admitted], largest, triggers)
    absolute[admitted] = tolerances.bounds(system, scale)
    return absolute


def _stacked(system: System, plans: Sequence[Plan]) -> Schedule:
    """The plans in arrays of one length."""
    doses, longest, states = system.dose_matrix(), max(len(plan) for plan, _ in plans), len(system.states)
    edges = np.zeros((len(plans), longest + 1))
    inflows, boluses = np.zeros((2, len(plans), longest, states))
    courses = np.full((len(plans), max(starts.size for _, starts in plans)), np.nan)
    for row, (plan, starts) in enumerate(plans):
        edges[row, : len(plan) + 1] = plan.edges
        inflows[row, : len(plan)], boluses[row, : len(plan)] = plan.rates @ doses, jumps(system, plan)
        courses[row, : starts.size] = starts
    known = _edges(plans)
    return Schedule(longest, courses.shape[1], _snapped(edges, known), inflows, boluses, _snapped(courses, known))


def _output_times(times: np.ndarray, plans: Sequence[Plan]) -> np.ndarray:
    """Output times, (plan, time), on the edges that they are a rounding away from: a value at a dose is before it."""
    # 3 * 0.1 lies a rounding after a dose at 0.3, and would be read after it
    snapped = _snapped(np.asarray(times, dtype=float), _edges(plans))
    ends = np.array([plan.edges[-1] for plan, _ in plans])
    ordered = np.ascontiguousarray(np.broadcast_to(snapped, (len(plans), snapped.shape[-1])))
    if not (np.diff(ordered) >= 0).all() or not ((ordered >= 0) & (ordered <= ends[:, None])).all():
        raise InputError(f"output times must be numbers in order, from 0 to the end at {ends.min():g}")
    return ordered


def _edges(plans: Sequence[Plan]) -> np.ndarray:
    """The dose edges of all plans; of those a rounding apart the first."""
    edges = np.unique(np.concatenate([plan.edges for plan, _ in plans]))
    return edges[np.diff(edges, prepend=-np.inf) > ROUNDING * edges]


def _snapped(times: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Times a rounding away from an edge, put on it."""
    after = np.clip(np.searchsorted(edges, times), 1, edges.size - 1)
    nearest = np.where(times - edges[after - 1] < edges[after] - times, edges[after - 1], edges[after])
    return np.where(np.abs(nearest - times) <= ROUNDING * np.abs(times), nearest, times)
