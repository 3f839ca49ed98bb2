"""Steady states that many rows reach from their starts: integrated until Newton's method has no choice left."""

from __future__ import annotations

import numpy as np

from kinetics.compile import System
from kinetics.engines.chain_rule import Integrate, Rows, integrate_rows
from kinetics.engines.clock import clock_of
from kinetics.engines.steady_state.result import SteadyStates
from kinetics.engines.steady_state.search import Search
from kinetics.engines.stretches import Passage
from kinetics.engines.tolerances import Tolerances
from kinetics.units import display_unit

MOST_ROUNDS = 20
LONGER = 10.0
"""How many times longer each round lasts than those before it."""
SETTLED = 1e-5
"""What a derivative may change, over its largest, while ten times the time passes in which states came to rest."""

NO_START = "no steady state: its start is not finite."
STOPPED = "no steady state: {reason}"
UNSETTLED = (
    "no steady state: {state} still changes after {time}. It oscillates, grows without end, or depends on the time."
)
NO_DERIVATIVE = "the steady state has no derivatives: that of {state} still changes after {time}."


def find_steady_states(
    integrate: Integrate, rows: Rows, starts: np.ndarray, start_changes: np.ndarray, tolerances: Tolerances
) -> SteadyStates:
    """Find where the rates are zero, at the state that each start leads to, with derivatives.

    A row is integrated ten times longer in every round. From where it is, Newton's method corrects to zero rates, at
    the totals that the model conserves. The corrected state counts if states nearby return to it and the integrated
    one is near: of several steady states it is the one that the start leads to. Its derivatives follow by the implicit
    function theorem. Where steady states lie side by side without end, states and derivatives are integrated until
    they rest.

    Parameters
    ----------
    integrate : callable
        The engine.
    rows : Rows
        Constants and infusions, with derivatives by directions.
    starts : ndarray, (row, state)
        Where each begins.
    start_changes : ndarray, (row, state, direction)
        Their derivatives.
    tolerances : Tolerances
        Of the integration.

    Returns
    -------
    SteadyStates
        A clock has the value of its start.
    """
    system, absolute = rows.system, tolerances.bounds(rows.system, rows.scale)
    clock = clock_of(system)
    result = SteadyStates(np.full_like(starts, np.nan), np.full_like(start_changes, np.nan), [""] * len(starts))
    searches = list[Search]()
    for row, start in enumerate(starts):
        result.reasons[row] = system.impossible(rows.constants[row]) or ("" if np.isfinite(start).all() else NO_START)
        if not result.reasons[row]:
            searches.append(Search(rows, row, start, absolute[row], tolerances.relative, clock))
    _search(integrate, rows.without_derivatives(), searches, result, tolerances)
    for search in searches:
        if search.rest is not None:
            result.states[search.row], result.changes[search.row] = search.found(start_changes[search.row])
    settled = [search for search in searches if search.has_settled and not result.reasons[search.row]]
    _settle(integrate, rows, settled, start_changes, result, tolerances)
    if clock is not None:
        found = np.isfinite(result.states[:, clock])
        result.states[found, clock], result.changes[found, clock] = starts[found, clock], start_changes[found, clock]
    return result


def _search(
    integrate: Integrate, rows: Rows, searches: list[Search], result: SteadyStates, tolerances: Tolerances
) -> None:
    """Integrate until every search has ended; where one ends without a state, the reason is in the result."""
    active = searches
    for _ in range(MOST_ROUNDS):
        active = [search for search in active if not search.look()]
        for search in active:
            if search.is_restless:
                result.reasons[search.row] = _message(UNSETTLED, rows.system, search)
        active = [search for search in active if not (result.reasons[search.row] or search.has_settled)]
        if not active:
            return
        lengths = np.array([max(LONGER - 1.0, 1.0) * search.time or search.pace for search in active])
        passage = _integrate(integrate, rows, active, lengths, np.array([s.states for s in active]), None, tolerances)
        for search, length, end, reason in zip(active, lengths, passage.ends, passage.reasons, strict=True):
            search.move(end, length)
            if reason:
                result.reasons[search.row] = STOPPED.format(reason=reason)
        active = [search for search in active if not result.reasons[search.row]]
    for search in active:
        result.reasons[search.row] = _message(UNSETTLED, rows.system, search)


def _settle(
    integrate: Integrate,
    rows: Rows,
    searches: list[Search],
    start_changes: np.ndarray,
    result: SteadyStates,
    tolerances: Tolerances,
) -> None:
    """States where steady states lie side by side, and derivatives that are integrated with them."""
    if not searches:
        return
    numbers = np.array([search.row for search in searches])
    if not start_changes.shape[2]:
        result.states[numbers] = [search.states for search in searches]
        return
    time, states = np.array([search.time for search in searches]), np.array([search.start for search in searches])
    first = _integrate(integrate, rows, searches, time, states, start_changes[numbers], tolerances)
    last = _integrate(integrate, rows, searches, (LONGER - 1.0) * time, first.ends, first.end_changes, tolerances)
    for index, search in enumerate(searches):
        reason, change = first.reasons[index] or last.reasons[index], last.end_changes[index]
        largest = np.abs(change).max(axis=0)
        moved = np.abs(change - first.end_changes[index]) / np.where(largest > 0, largest, 1.0)
        if reason:
            result.reasons[search.row] = STOPPED.format(reason=reason)
        elif not (moved <= SETTLED).all():
            state = int(np.nan_to_num(moved, nan=np.inf).max(axis=1).argmax())
            result.reasons[search.row] = _message(NO_DERIVATIVE, rows.system, search, state)
        else:
            result.states[search.row], result.changes[search.row] = last.ends[index], change


def _integrate(
    integrate: Integrate,
    rows: Rows,
    searches: list[Search],
    lengths: np.ndarray,
    states: np.ndarray,
    changes: np.ndarray | None,
    tolerances: Tolerances,
) -> Passage:
    own = rows.take(np.array([search.row for search in searches]))
    changes = np.zeros((*states.shape, 0)) if changes is None else changes
    return integrate_rows(integrate, own, lengths, np.empty((len(lengths), 0)), states, changes, (), tolerances)


def _message(text: str, system: System, search: Search, state: int | None = None) -> str:
    name = system.states[search.fastest if state is None else state]
    return text.format(state=name, time=f"{search.time:.3g} {display_unit(system.model.time)}".rstrip())
