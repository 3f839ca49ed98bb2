"""The search of one row for its steady state: how far it has come, and whether it is there."""

from __future__ import annotations

import numpy as np

from kinetics.engines.chain_rule import Rows
from kinetics.engines.steady_state.rest import Rest, ScaledRates, derivatives, find_rest

NEAR = 1e-3
"""How far an integrated state may be from the corrected one, over the largest on its way."""
CLOSE = 10.0
"""Tolerances of integration within which a state is at rest."""
TIMELESS = 1e-10
"""Share of what makes up a rate that a change of the clock may change of it at rest."""
LATER = (0.0, 1.7, 31.0, 1e3, 1e6)
"""How much later, over the time until then, a state must still be at rest."""
AGREEING = 2
"""Rounds in which nothing may change where steady states lie side by side."""
RESTLESS = {False: 100.0, True: 3000.0}
"""Changes of a state by all of its size, at its present rate, that are no way to rest; if one is near, and if not."""


class Search:
    """The search of one row.

    Parameters
    ----------
    rows : Rows
        With its constants.
    row : int
        Its number.
    start : ndarray, (state,)
        Where it begins.
    absolute : ndarray, (state,)
        Absolute tolerances.
    relative : float
        Relative tolerance.
    clock : int or None
        Number of the state that is the time.

    Attributes
    ----------
    states : ndarray, (state,)
        Where it has come.
    time : float
        How long that took.
    rest : Rest or None
        Where it leads to.
    """

    def __init__(
        self, rows: Rows, row: int, start: np.ndarray, absolute: np.ndarray, relative: float, clock: int | None
    ) -> None:
        self.row, self.start, self.states, self.time = row, start, start, 0.0
        self.rest: Rest | None = None
        self._rates = ScaledRates(rows, row, absolute, clock)
        self._path, self._clock, self._relative = [start / self._rates.scale], clock, relative
        self._absolute, self._agreed, self._unstable = absolute / self._rates.scale, 0, True

    @property
    def pace(self) -> float:
        """The time in which the fastest state may change by its size; 1 if none can."""
        x = self._path[0]
        with np.errstate(all="ignore"):
            fastest = max(np.abs(self._rates.jacobian(x)).max(), np.abs(self._rates.rate(x)).max())
        return float(1.0 / fastest) if np.isfinite(fastest) and fastest > 0 else 1.0

    @property
    def fastest(self) -> int:
        """The state that changes most for its size."""
        return int(np.nan_to_num(self._turns, nan=np.inf).argmax())

    @property
    def is_restless(self) -> bool:
        """Whether it has turned so often that it will not come to rest."""
        return bool(self._turns.max(initial=0.0) > RESTLESS[self._unstable is False])

    @property
    def has_settled(self) -> bool:
        """Whether it is at rest, though others are at rest beside it."""
        return self._agreed >= AGREEING

    @property
    def _turns(self) -> np.ndarray:
        x = self._path[-1]
        return np.abs(self._rates.rate(x)) * self.time / np.maximum(np.abs(self._path).max(axis=0), self._absolute)

    def move(self, states: np.ndarray, length: float) -> None:
        """Note where it has come in a further length of time."""
        before, x = self._path[-1], states / self._rates.scale
        self.states, self.time, self._path = states, self.time + length, [*self._path, x]
        change = np.abs(x - before) <= CLOSE * (self._relative * np.abs(x) + self._absolute)
        if self._clock is not None:
            change[self._clock] = True
        self._agreed = self._agreed + 1 if change.all() else 0

    def look(self) -> bool:
        """Whether it leads to a state of rest, and is near it."""
        start, guess, path = self._at_present(self._path[0]), self._path[-1], np.array(self._path)
        rest = find_rest(self._rates, start, guess, path)
        self._unstable = rest is None or not rest.stable
        if rest is None or self._unstable:
            return False
        largest = NEAR * np.abs([*path, rest.states]).max(axis=0) + CLOSE * self._absolute
        kept = np.abs(rest.laws.T @ (guess - start)) <= np.abs(rest.laws).T @ largest
        if (np.abs(rest.states - guess) <= largest).all() and kept.all() and self._stays(rest.states):
            self.rest = rest
        return self.rest is not None

    def found(self, start_changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The states at rest, and their derivatives, (state, direction), given those of the start."""
        if self.rest is None:
            raise ValueError("there is no state of rest")
        scale, start = self._rates.scale, self._at_present(self._path[0])
        changes = derivatives(self._rates, self.rest, start, start_changes / scale[:, None])
        return self.rest.states * scale, changes * scale[:, None]

    def _at_present(self, x: np.ndarray) -> np.ndarray:
        """A state at the present time."""
        if self._clock is None:
            return x
        x = x.copy()
        x[self._clock] = self._path[-1][self._clock]
        return x

    def _stays(self, x: np.ndarray) -> bool:
        """Whether rates remain zero when time goes on."""
        if self._clock is None:
            return True
        allowed = TIMELESS * np.abs(self._rates.jacobian(x)) @ np.abs(x)
        for later in LATER:
            moved = x.copy()
            moved[self._clock] += later * max(self.time, self.pace) / self._rates.scale[self._clock]
            if not (np.abs(self._rates.rate(moved)) <= allowed + np.abs(self._rates.rate(x))).all():
                return False
        return True
