"""Periods of several experiments, integrated side by side: through time, then to rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.engines.chain_rule import Integrate, Rows, integrate_rows
from kinetics.engines.periods.experiments import Period, PeriodValues
from kinetics.engines.steady_state import find_steady_states
from kinetics.engines.tolerances import Tolerances, from_zero


class SideBySide:
    """Periods of several experiments, each a row.

    Parameters
    ----------
    periods : sequence of Period
        Each of an experiment of its own.
    rows : Rows
        Their constants.
    starts : ndarray, (row, state)
        The states behind their jumps.
    start_changes : ndarray, (row, state, direction)
        Their derivatives.
    outputs : sequence of str
        Those that are read.

    Attributes
    ----------
    reasons : list of str
        Why a row cannot be integrated, or failed.
    """

    def __init__(
        self,
        periods: Sequence[Period],
        rows: Rows,
        starts: np.ndarray,
        start_changes: np.ndarray,
        outputs: Sequence[str],
    ) -> None:
        self._periods, self._rows, self._names, self.reasons = periods, rows, tuple(outputs), [""] * len(periods)
        self._columns = [rows.system.outputs.index(name) for name in outputs]
        self._starts, self._start_changes = starts, start_changes
        self._ends, self._end_changes = starts.copy(), start_changes.copy()
        shape = len(periods), max((len(period.times) for period in periods), default=0), len(outputs)
        self._outputs = np.full(shape, np.nan)
        self._gradients = np.full((*shape, start_changes.shape[2]), np.nan)

    def integrate(self, integrate: Integrate, tolerances: Tolerances) -> None:
        """Fill outputs and ends."""
        absolute = tolerances.bounds(self._rows.system, self._rows.scale)
        self._pass_time(integrate, tolerances)
        self._come_to_rest(integrate, tolerances)
        for row, period in enumerate(self._periods):
            # what is integrated is read on its way; at rest, and where no time passes, outputs follow from the end
            at_end = np.asarray(period.times) == period.end
            if not self.reasons[row] and at_end.any() and (period.is_steady or period.begin == period.end):
                numbers = np.flatnonzero(at_end)
                self._outputs[row, numbers], self._gradients[row, numbers] = self._read(row, absolute[row])

    def values(self, row: int) -> PeriodValues:
        """Those of a row; NaN if it failed."""
        size = len(self._periods[row].times)
        of_time = self._outputs[row, :size], self._gradients[row, :size]
        of_states = self._starts[row], self._ends[row], self._start_changes[row], self._end_changes[row]
        arrays = (*of_time, *of_states)
        return PeriodValues(*(np.full_like(array, np.nan) for array in arrays) if self.reasons[row] else arrays)

    def _active(self, chosen: np.ndarray) -> np.ndarray:
        return np.flatnonzero(chosen & np.array([not reason for reason in self.reasons]))

    def _pass_time(self, integrate: Integrate, tolerances: Tolerances) -> None:
        """Integrate periods up to their end, or to their last time before rest."""
        lengths = np.array([_length(period) for period in self._periods])
        active = self._active(lengths > 0)
        if not active.size:
            return
        times, counts = np.repeat(lengths[:, None], self._outputs.shape[1], axis=1), []
        for row in active:
            own = np.asarray(self._periods[row].times, dtype=float) - self._periods[row].begin
            counts.append(int(np.isfinite(own).sum()))
            times[row, : counts[-1]] = own[: counts[-1]]
        passage = integrate_rows(
            integrate, self._rows.take(active), lengths[active], times[active], self._starts[active],
            self._start_changes[active], self._names, tolerances,
        )  # fmt: skip
        self._ends[active], self._end_changes[active] = passage.ends, passage.end_changes
        for index, (row, count) in enumerate(zip(active, counts, strict=True)):
            self._outputs[row, :count] = passage.outputs[index, :count]
            self._gradients[row, :count] = passage.gradients[index, :count]
            self.reasons[row] = passage.reasons[index]

    def _come_to_rest(self, integrate: Integrate, tolerances: Tolerances) -> None:
        """Find the steady states of periods that last until then."""
        active = self._active(np.array([period.is_steady for period in self._periods]))
        if not active.size:
            return
        starts, changes = self._ends[active], self._end_changes[active]
        found = find_steady_states(integrate, self._rows.take(active), starts, changes, tolerances)
        self._ends[active], self._end_changes[active] = found.states, found.changes
        for row, reason in zip(active, found.reasons, strict=True):
            self.reasons[row] = reason

    def _read(self, row: int, absolute: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs at the end, (output,), and their derivatives, (output, direction)."""
        functions, constants, changes = self._rows.system.functions, self._rows.constants[row], self._end_changes[row]
        direct = self._rows.by_direction[row]

        def gradients(y: np.ndarray) -> np.ndarray:
            by_state, by_constant = (
                functions.outputs_by_state(y, constants),
                functions.outputs_by_constant(y, constants),
            )
            return by_state @ changes + by_constant @ direct

        y = self._ends[row]
        values = from_zero(lambda y: functions.outputs(y, constants), y, absolute)
        return values[self._columns], from_zero(gradients, y, absolute)[self._columns]


def _length(period: Period) -> float:
    """How long a period is integrated before it comes to rest, or ends."""
    if np.isinf(period.begin):
        return 0.0
    if np.isfinite(period.end):
        return float(period.end - period.begin)
    times = np.asarray(period.times, dtype=float)
    return float(times[np.isfinite(times)].max(initial=period.begin) - period.begin)
