"""Steady states of doses repeated without end: the periodic state is solved for by Newton's method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinetics.compile import System
from kinetics.engines.steady_state import SteadyStates, solve_conserving
from kinetics.engines.stretches import Passage

MOST_ITERATIONS = 40
CLOSE = 10.0
"""Tolerances of integration that the last correction of a state may have."""
NEUTRAL = 1e-10
"""Singular values of I - A, over the largest, of directions in which nothing returns: a sum that is conserved."""
HALVINGS = 8

NOT_FINITE = "a derivative is not finite."
FAILED = "one interval of a steady state: {reason}"
ENDLESS = "no steady state: {state} changes by as much in every interval."
UNSETTLED = (
    f"no steady state: after {MOST_ITERATIONS} iterations {{state}} still changes. "
    "The doses may be more than the model eliminates."
)

Interval = Callable[[np.ndarray, np.ndarray, np.ndarray], Passage]
"""Integrates one interval of some rows, (row,), from starts, (row, state), with their changes."""


def steady_states(
    system: System,
    interval: Interval,
    rest: np.ndarray,
    rest_changes: np.ndarray,
    relative: float,
    absolute: np.ndarray,
) -> SteadyStates:
    """Solve y = Phi(y, p), where Phi takes a state through one interval of doses.

    With A = dPhi/dy and B = dPhi/dp, a correction solves (I - A) dy = Phi(y) - y, and the derivative of the solution
    is (I - A)^-1 B. Where the model is linear the first correction is the solution. What the model conserves keeps the
    value that it has at rest.

    Parameters
    ----------
    system : System
        The compiled model.
    interval : callable
        Phi, see `Interval`; derivatives are by parameters first, then by states.
    rest : ndarray, (row, state)
        Where the search begins.
    rest_changes : ndarray, (row, state, name)
        Derivatives of ``rest`` by parameters.
    relative, absolute : float, and ndarray, (row, state)
        Tolerances of the integration.
    """
    size, n = rest.shape
    names, y, active = rest_changes.shape[2], rest.copy(), np.arange(size)
    result = SteadyStates(np.full_like(rest, np.nan), np.full_like(rest_changes, np.nan), [""] * size)
    # with the parameters held fixed the start does not change with them
    directions = np.concatenate([np.zeros((n, names)), np.eye(n)], axis=1)
    step, moved, halvings = np.zeros_like(rest), np.zeros_like(rest), np.zeros(size, dtype=int)
    for _ in range(MOST_ITERATIONS):
        if not active.size:
            return result
        passage = interval(active, y[active], np.broadcast_to(directions, (active.size, *directions.shape)))
        passed = np.array([not reason for reason in passage.reasons]) & np.isfinite(passage.end_changes).all(
            axis=(1, 2)
        )
        # too far: half of the last correction is taken back
        again = active[~passed & (halvings[active] < HALVINGS) & step[active].any(axis=1)]
        for index in np.flatnonzero(~passed & ~np.isin(active, again)):
            result.reasons[active[index]] = FAILED.format(reason=passage.reasons[index] or NOT_FINITE)
        step[again], halvings[again] = 0.5 * step[again], halvings[again] + 1
        y[again] -= step[again]
        rows, changes = active[passed], passage.end_changes[passed]
        step[rows], solved, left = _correct(passage.ends[passed] - y[rows], changes, rest_changes[rows])
        halvings[rows], y[rows] = 0, y[rows] + step[rows]
        bound = CLOSE * (relative * np.abs(y[rows]) + absolute[rows])
        moved[rows] = np.abs(step[rows]) / bound
        close, endless = (moved[rows] <= 1.0).all(axis=1), (left > bound).any(axis=1)
        for index in np.flatnonzero(close & endless):
            result.reasons[rows[index]] = ENDLESS.format(state=system.states[_most_free(changes[index, :, names:])])
        done = rows[close & ~endless]
        result.states[done], result.changes[done] = y[done], solved[close & ~endless]
        active = np.sort(np.concatenate([rows[~close], again]))
    for row, state in zip(active, moved[active].argmax(axis=1), strict=True):
        result.reasons[row] = UNSETTLED.format(state=system.states[state])
    return result


def _correct(
    residual: np.ndarray, changes: np.ndarray, rest_changes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corrections of states, derivatives of the solution, and what no correction removes of the residual."""
    names = rest_changes.shape[2]
    b, a = changes[..., :names], changes[..., names:]
    right = np.concatenate([residual[..., None], b], axis=2)
    solved = _solve(a, right, np.concatenate([np.zeros((*residual.shape, 1)), rest_changes], axis=2))
    step = solved[..., 0]
    return step, solved[..., 1:], np.abs(residual - step + (a @ solved[..., :1])[..., 0])


def _most_free(a: np.ndarray) -> int:
    """The state that may most be changed without a change of the others in the next interval."""
    return int(np.abs(np.linalg.svd(np.eye(len(a)) - a)[2][-1]).argmax())


def _solve(a: np.ndarray, right: np.ndarray, at_rest: np.ndarray) -> np.ndarray:
    """Solve (I - A) x = right, (row, state, column); what A conserves of x is what it is ``at_rest``."""
    matrix = np.eye(a.shape[1]) - a
    u, values, vt = np.linalg.svd(matrix)
    neutral = values <= NEUTRAL * values[:, :1]
    inverse = np.where(neutral, 0.0, 1.0 / np.where(neutral, 1.0, values))
    solution = np.swapaxes(vt, 1, 2) @ (inverse[:, :, None] * (np.swapaxes(u, 1, 2) @ right))
    for row in np.flatnonzero(neutral.any(axis=1)):
        # left null vectors w have w' Phi = w' y whatever y is
        laws = u[row][:, neutral[row]]
        solution[row] = solve_conserving(matrix[row], right[row], laws, laws.T @ at_rest[row])
    return solution
