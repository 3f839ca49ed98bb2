"""The triggers of a model's events along a dense solution, and the times at which they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import sympy as sp

from kinetics.compile import System
from kinetics.engines.tolerances import from_zero
from kinetics.model.events import condition_truth, switches_of

PARTS = 4
"""Samples of each step of the integrator, so that what comes and goes inside one is seen."""
HALVINGS = 30
"""Samples behind the start of a stretch, each half as far from it as the one before: a short bounce is seen."""
CHUNK = 64
"""Steps that are looked at together."""
SECTIONS = 32
"""Parts that a bracket is cut into at once."""
MOST_CHANGES = 1000
"""Changes of comparisons between two samples."""
_ROUNDING = np.finfo(float).eps
_NOISE = 16 * _ROUNDING
Dense = Callable[[np.ndarray], np.ndarray]
"""States, (time, state), at times, (time,)."""


class Change(NamedTuple):
    """A time at which triggers change.

    Parameters
    ----------
    time : float
        When.
    truths : ndarray of bool, (event,)
        Whether each holds from then on.
    sides : ndarray, (comparison,)
        The signs that comparisons had before, of those that turn over; NaN of the others.
    """

    time: float
    truths: np.ndarray
    sides: np.ndarray


class Conditions:
    """The triggers of one patient.

    Parameters
    ----------
    system : System
        What is integrated.
    constants : ndarray, (constant,)
        Parameters and derived constants of the patient.
    absolute : ndarray, (state,), or None
        Absolute tolerances, see `kinetics.engines.tolerances.from_zero`.
    """

    def __init__(self, system: System, constants: np.ndarray, absolute: np.ndarray | None) -> None:
        self._system, self._constants, self._absolute = system, constants, absolute
        self._triggers = [event.trigger for event in system.model.events.values()]
        self._comparisons = switches_of(system.model.events.values())
        # what is equal at an instant alone would be passed over
        self._of_equality = np.array([isinstance(row, sp.Eq | sp.Ne) for row in self._comparisons], dtype=bool)

    def truths(self, y: np.ndarray) -> np.ndarray:
        """Whether each trigger holds in a state, (event,)."""
        return self._truths(self._signs(y[None])[0])

    def hangs_on(self, y: np.ndarray, comparison: int) -> np.ndarray:
        """Whether each trigger turns over in a state, (event,), where a comparison does."""
        signs = self._signs(y[None])[0]
        less, more = (self._truths(np.where(np.arange(signs.size) == comparison, sign, signs)) for sign in (-1.0, 1.0))
        return less != more

    def changes(self, dense: Dense, knots: np.ndarray, begin: float) -> Iterator[Change]:
        """The times at which triggers change, in order.

        Parameters
        ----------
        dense : callable
            The solution.
        knots : ndarray, (knot,)
            Where to look: from the first of these to the last, which are steps of the integrator.
        begin : float
            What times count from, in the model's time, which says how accurate they can be.
        """
        left = float(knots[0])
        signs = self._signs(dense(knots[:1]))[0]
        truths = self._truths(signs)
        for times in samples(knots):
            table = self._signs(dense(times), signs)
            moved = np.flatnonzero(_differ(np.vstack([signs, table[:-1]]), table).any(axis=1))
            for row in moved.tolist():
                if row:
                    left, signs = float(times[row - 1]), table[row - 1]
                before = signs
                for time, between in self._crossings(dense, (left, signs), (float(times[row]), table[row]), begin):
                    now = self._truths(between)
                    if (now != truths).any():
                        yield Change(time, now, np.where(_differ(before, between), before, np.nan))
                    truths, before = now, between
            left, signs = float(times[-1]), table[-1]

    def _crossings(
        self, dense: Dense, start: tuple[float, np.ndarray], end: tuple[float, np.ndarray], begin: float
    ) -> Iterator[tuple[float, np.ndarray]]:
        """The times between two samples at which comparisons change, and the signs there."""
        (left, signs), (right, last) = start, end
        shortest = _ROUNDING * (right - left)
        for _ in range(MOST_CHANGES):
            moved = _differ(signs, last)
            if not moved.any():
                return
            low, high = left, right
            while high - low > max(shortest, _ROUNDING * (begin + high)):
                inner = np.linspace(low, high, SECTIONS + 1)[1:]
                differ = _differ(signs, self._signs(dense(inner), signs))[:, moved].any(axis=1)
                index = int(differ.argmax()) if differ.any() else SECTIONS - 1
                low, high = float(inner[index - 1]) if index else low, float(inner[index])
            high, after = self._changed(dense, (signs, moved), high, max(shortest, _ROUNDING * (begin + high)), right)
            after = last if high == right else after
            jumped = self._of_equality & (signs * after < 0)
            if jumped.any():
                yield high, np.where(jumped, 0.0, after)
            yield high, after
            left, signs = high, after

    def _changed(
        self, dense: Dense, before: tuple[np.ndarray, np.ndarray], time: float, step: float, right: float
    ) -> tuple[float, np.ndarray]:
        """The first time from one on at which a single state has other signs where they move, and these.

        An engine may round a state otherwise where it works out many at once.
        """
        signs, moved = before
        while True:
            after = self._signs(dense(np.array([time])), signs)[0]
            if time >= right or _differ(signs, after)[moved].any():
                return time, after
            time, step = min(time + step, right), 2.0 * step

    def _signs(self, states: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
        """Signs of left less right, (time, comparison).

        With those ``before`` a sign stays what it was while the difference may be rounding: what has just become true
        is not false again, and true once more, by chance. Whole numbers may be equal for a while, with no difference.
        """
        with np.errstate(invalid="ignore"):
            table = from_zero(self._switches, np.ascontiguousarray(states), self._absolute)
            difference, size = np.split(table, 2, axis=1)
            signs, is_clear = np.sign(difference), ~(np.abs(difference) <= _NOISE * size)
            is_clear |= self._of_equality & (difference == 0)
        if before is None:
            return signs
        signs, is_clear = np.vstack([before, signs]), np.vstack([np.ones_like(before, dtype=bool), is_clear])
        latest = np.maximum.accumulate(np.where(is_clear, np.arange(len(signs))[:, None], 0), axis=0)
        return np.take_along_axis(signs, latest, axis=0)[1:]

    def _switches(self, states: np.ndarray) -> np.ndarray:
        return self._system.functions.switch_table(states, self._constants)

    def _truths(self, signs: np.ndarray) -> np.ndarray:
        by_comparison = dict(zip(self._comparisons, signs, strict=True))
        return np.array([bool(condition_truth(trigger, by_comparison)) for trigger in self._triggers])


def cut_steps(knots: np.ndarray, longest: float) -> np.ndarray:
    """Steps of an integrator, (knot,), each cut into equal parts that are no longer than ``longest``.

    States may be so smooth, or at rest, that steps pass over what a condition on the time does.

    Examples
    --------
    >>> cut_steps(np.array([0.0, 1.0, 4.0]), 1.5)
    array([0. , 1. , 2.5, 4. ])
    """
    steps = np.diff(knots)
    parts = np.maximum(np.ceil(steps / longest), 1).astype(int)
    if not (parts > 1).any():
        return knots
    share = np.concatenate([np.arange(count) / count for count in parts])
    return np.append(np.repeat(knots[:-1], parts) + share * np.repeat(steps, parts), knots[-1])


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where signs differ; what is no number is like itself."""
    return (one != other) & ~(np.isnan(one) & np.isnan(other))


def samples(knots: np.ndarray) -> Iterator[np.ndarray]:
    """The times at which comparisons are looked at, behind the start, some steps at a time."""
    for first in range(0, len(knots) - 1, CHUNK):
        steps = knots[first : first + CHUNK + 1]
        parts = steps[:-1, None] + np.diff(steps)[:, None] * np.arange(1, PARTS + 1) / PARTS
        parts[:, -1] = steps[1:]
        halved = 0.5 ** np.arange(HALVINGS, 2, -1) if first == 0 else np.empty(0)
        yield np.concatenate([steps[0] + halved * (steps[1] - steps[0]), parts.ravel()])
