"""Plans of many patients as compiled code takes them, and who cannot be integrated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.compile import System
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.errors import InputError
from kinetics.regimen import Segments, Triggers

__all__ = ["Plan", "absolute_tolerances", "admitted", "output_times", "stacked"]

ROUNDING = 1e-12
Plan = tuple[Segments, np.ndarray]


def admitted(system: System, constants: np.ndarray, which: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Why each patient cannot be, if so, and plans with -1 for those patients."""
    reasons, which = ["" for _ in range(len(constants))], np.array(which, dtype=np.int64)
    for patient in np.flatnonzero(~system.admissible(constants)):
        reasons[patient], which[patient] = system.impossible(constants[patient]), -1
    return reasons, which


def absolute_tolerances(
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
        found[own] = tolerances.bounds(system, state_scale(system, starts, plans[plan][0], triggers))
    return found


def stacked(system: System, plans: Sequence[Plan]) -> tuple[np.ndarray, ...]:
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


def output_times(times: np.ndarray, plans: Sequence[Plan]) -> np.ndarray:
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
