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
"""Changes by all of the size of a state that are no way to rest: without a state that draws it, and with one."""


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
    time, pace : float
        How long that took, and the time in which the fastest state may change by its size at the start.
    rest : Rest or None
        Where it leads to.
    """

    def __init__(
        self, rows: Rows, row: int, start: np.ndarray, absolute: np.ndarray, relative: float, clock: int | None
    ) -> None:
        self.row, self.start, self.states, self.time = row, start, start, 0.0
        self.rest: Rest | None = None
        self._rows, self._clock, self._relative, self._absolute = rows, clock, relative, absolute
        self._path, self._agreed, self._attracted = [start], 0, False
        self.pace = self._pace()

    @property
    def fastest(self) -> int:
        """The state that changes most for its size."""
        return int(np.nan_to_num(self._turns(), nan=np.inf).argmax())

    @property
    def is_restless(self) -> bool:
        """Whether it has turned so often that it will not come to rest."""
        return bool(self._turns().max(initial=0.0) > RESTLESS[self._attracted])

    @property
    def has_settled(self) -> bool:
        """Whether it is at rest, though others are at rest beside it."""
        return self._agreed >= AGREEING

    def move(self, states: np.ndarray, length: float) -> None:
        """Note where it has come in a further length of time."""
        change = np.abs(states - self.states) <= CLOSE * (self._relative * np.abs(states) + self._absolute)
        if self._clock is not None:
            change[self._clock] = True
        self._agreed = self._agreed + 1 if change.all() else 0
        self.states, self.time = states, self.time + length
        self._path.append(states)

    def look(self) -> bool:
        """Whether it leads to a state of rest, and is near it."""
        rates = self._rates()
        start, guess, near = self._start() / rates.scale, self.states / rates.scale, self._near() / rates.scale
        rest = find_rest(rates, start, guess, np.array(self._path) / rates.scale)
        self._attracted = rest is not None and rest.stable
        if rest is None or not self._attracted:
            return False
        kept = np.abs(rest.laws.T @ (guess - start)) <= np.abs(rest.laws).T @ near
        if (np.abs(rest.states - guess) <= near).all() and kept.all() and self._stays(rates, rest.states):
            self.rest = rest
        return self.rest is not None

    def found(self, start_changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The states at rest, and their derivatives, (state, direction), given those of the start."""
        if self.rest is None:
            raise ValueError("there is no state of rest")
        rates = self._rates()
        by_scale = rates.scale[:, None]
        changes = derivatives(rates, self.rest, self._start() / rates.scale, start_changes / by_scale)
        return self.rest.states * rates.scale, changes * by_scale

    def _rates(self) -> ScaledRates:
        """Rates of states over their largest values on the way, so that no rounding of one is large for another."""
        reached = np.abs(self._path).max(axis=0)
        reached = np.where(reached > self._absolute, reached, self._rows.scale[self.row])
        return ScaledRates(self._rows, self.row, reached, self._absolute, self._clock)

    def _near(self) -> np.ndarray:
        return NEAR * np.abs(self._path).max(axis=0) + CLOSE * self._absolute

    def _pace(self) -> float:
        """The time in which the fastest state may change by its size; 1 if none can."""
        rates = self._rates()
        x = self.start / rates.scale
        fastest = max(np.abs(rates.jacobian(x)).max(initial=0.0), np.abs(rates.rate(x)).max(initial=0.0))
        return float(1.0 / fastest) if np.isfinite(fastest) and fastest > 0 else 1.0

    def _turns(self) -> np.ndarray:
        """How often each state would change by all of its size at its present rate, in the time until now."""
        rates = self._rates()
        return np.abs(rates.rate(self.states / rates.scale)) * self.time

    def _start(self) -> np.ndarray:
        """The start, at the present time."""
        start = self.start.copy()
        if self._clock is not None:
            start[self._clock] = self.states[self._clock]
        return start

    def _stays(self, rates: ScaledRates, x: np.ndarray) -> bool:
        """Whether rates remain zero when time goes on."""
        if self._clock is None:
            return True
        allowed = TIMELESS * np.abs(rates.jacobian(x)) @ np.abs(x) + np.abs(rates.rate(x))
        for later in LATER:
            moved = x.copy()
            moved[self._clock] += later * max(self.time, self.pace) / rates.scale[self._clock]
            if not (np.abs(rates.rate(moved)) <= allowed).all():
                return False
        return True
