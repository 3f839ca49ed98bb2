"""Newton's method on the rates of one row, and derivatives of what it finds by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.engines.chain_rule import Rows
from kinetics.engines.steady_state.conservation import complement, conservation_laws, solve_conserving
from kinetics.engines.tolerances import from_zero

MOST_CORRECTIONS = 40
LAST = 1e-8
"""The last correction of a state, over its value: the one after it would be a rounding."""
NEGLIGIBLE = 1e-14
"""Sizes of a state that count as nothing."""
STEADY = 1e-13
"""Eigenvalues, over the largest, that do not lead back."""
UNRELATED = 1e-12
"""Shares of a sum that are the rounding of its terms."""


@dataclass(frozen=True, eq=False)
class Rest:
    """Where the rates of one row are zero; all numbers are over the sizes of the states.

    Parameters
    ----------
    states : ndarray, (state,)
        In shares of their sizes.
    stable : bool
        Whether states nearby return to it.
    laws : ndarray, (state, law)
        What is conserved, orthonormal.
    around : ndarray, (sample, state)
        States that show it.
    """

    states: np.ndarray
    stable: bool
    laws: np.ndarray
    around: np.ndarray


class ScaledRates:
    """The rates of one row as functions of states over their sizes; a clock stands still.

    Parameters
    ----------
    rows : Rows
        With the constants.
    row : int
        Its number.
    scale : ndarray, (state,)
        The sizes of the states.
    absolute : ndarray, (state,)
        Absolute tolerances of the states.
    clock : int or None
        Number of the state that is the time.
    """

    def __init__(self, rows: Rows, row: int, scale: np.ndarray, absolute: np.ndarray, clock: int | None) -> None:
        self._functions, self._constants = rows.system.functions, rows.constants[row]
        self._inflow = rows.infusions[row] @ rows.system.dose_matrix()
        self._by_direction, self.scale = rows.by_direction[row], scale
        self._absolute, self._moves = absolute, np.ones(len(absolute))
        if clock is not None:
            self._moves[clock] = 0.0

    def rate(self, x: np.ndarray) -> np.ndarray:
        """Rates, (state,)."""
        return self._scaled(lambda y: self._functions.rate(y, self._constants, self._inflow), x)

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Their derivatives by states, (state, state)."""
        return self._scaled(lambda y: self._functions.jacobian(y, self._constants).T, x).T * self.scale

    def changes(self, x: np.ndarray) -> np.ndarray:
        """Their derivatives by directions, (state, direction)."""
        by_constant = self._scaled(lambda y: self._functions.rate_by_constant(y, self._constants).T, x).T
        return by_constant @ self._by_direction

    def _scaled(self, function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return from_zero(function, x * self.scale, self._absolute) * (self._moves / self.scale)

    def samples(self, path: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """States around those of a path where rates are finite, and these, (sample, state).

        There are five more than there are states.
        """
        size, points = len(self.scale), np.array(path)
        tried = 4 * size + 20
        factors, added = np.random.default_rng(size).uniform([[[-0.7]], [[0.0]]], [[[0.7]], [[0.1]]], (2, tried, size))
        x = points[np.arange(tried) % len(points)] * np.exp(factors) + added
        rates = self._scaled(lambda y: self._functions.rate_table(y, self._constants) + self._inflow, x)
        finite = np.flatnonzero(np.isfinite(rates).all(axis=1))[: size + 5]
        return x[finite], rates[finite]


def find_rest(rates: ScaledRates, start: np.ndarray, guess: np.ndarray, path: Sequence[np.ndarray]) -> Rest | None:
    """Correct a guess until the rates are zero, at the totals of a start; None where that fails.

    It fails where Newton's method does not converge, and where rates are zero all around, so that it depends on more
    than totals where a path ends.
    """
    around, of_samples = rates.samples(path)
    if len(around) < len(start):
        return None
    laws = conservation_laws(of_samples.T)
    x, totals = guess.copy(), laws.T @ start
    for _ in range(MOST_CORRECTIONS):
        f, jacobian = rates.rate(x), rates.jacobian(x)
        if not (np.isfinite(f).all() and np.isfinite(jacobian).all()):
            return None
        step = solve_conserving(jacobian, -f[:, None], laws, (totals - laws.T @ x)[:, None])[:, 0]
        x = x + _damped(rates, x, step)
        if (np.abs(step) <= LAST * np.abs(x) + NEGLIGIBLE).all():
            return _judged(rates, x, laws, around)
    return None


def _damped(rates: ScaledRates, x: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The correction, or the first half of a half ... of it at which rates are finite."""
    for _ in range(MOST_CORRECTIONS):
        if np.isfinite(rates.rate(x + step)).all():
            break
        step = 0.5 * step
    return step


def _judged(rates: ScaledRates, x: np.ndarray, laws: np.ndarray, around: np.ndarray) -> Rest | None:
    """The state with its stability; None if it is one of a continuum beyond what laws say."""
    free, jacobian = complement(laws), rates.jacobian(x)
    if not np.isfinite(jacobian).all():
        return None
    values = np.linalg.eigvals(free.T @ jacobian @ free)
    largest = np.abs(values).max(initial=0.0)
    if (np.abs(values) <= STEADY * largest).any():
        return None
    return Rest(x, bool((values.real < -STEADY * largest).all()), laws, around)


def derivatives(rates: ScaledRates, rest: Rest, start: np.ndarray, start_changes: np.ndarray) -> np.ndarray:
    """Derivatives of a state at rest by directions, (state, direction), all over the sizes of states.

    At f(x, p) = 0 they solve J dx = -df/dp with w' dx = w' dx0 + w' (df/dp) c, where c has x - x0 = f c over samples:
    weights of a law that depend on p weigh what has moved in another way.
    """
    around = rest.around
    if not start_changes.shape[1]:
        return np.empty((len(rest.states), 0))
    weighed = np.zeros((len(around), rest.laws.shape[1], start_changes.shape[1]))
    for number, x in enumerate(around if rest.laws.size else ()):
        changes = rates.changes(x)
        weighed[number] = rest.laws.T @ changes
        rounding = UNRELATED * (np.abs(rest.laws).T @ np.abs(changes))
        weighed[number][np.abs(weighed[number]) <= rounding] = 0.0
    totals = rest.laws.T @ start_changes
    if weighed.any():
        sampled = np.array([rates.rate(x) for x in around]).T
        coefficients = np.linalg.lstsq(sampled, rest.states - start, rcond=None)[0]
        totals = totals + np.einsum("k,kwd->wd", coefficients, weighed)
    return solve_conserving(rates.jacobian(rest.states), -rates.changes(rest.states), rest.laws, totals)
