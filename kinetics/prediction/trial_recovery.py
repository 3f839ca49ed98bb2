"""Recovery in a future trial: when its patients are seen back at the lower limit of normal after each course."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.measures.patient_statistics import censored_median, finite
from kinetics.measures.returns import first_return
from kinetics.observation.observed_times import first_observed_return, scheduled_within, visit_days
from kinetics.prediction.trial_counts import TINY, TRIALS

RECOVERY = ("recovery_mean", "recovery_geometric_mean", "recovery_median")
"""Over those seen back; of the median those who are not come last."""
STREAM = int.from_bytes(b"visits", "big")
"""Sets these draws apart from others."""


@dataclass(frozen=True)
class Limited:
    """An output with a lower limit of normal: its column among the quantities, the limit, and its noise."""

    name: str
    column: int
    limit: float
    noise: float | None


@dataclass(frozen=True, eq=False)
class TrialRecovery:
    """The recoveries of future trials, whose visits are the times of the output.

    A patient is back at the first visit of a course's window that shows the output at the limit or above it, after one
    that shows it below; the noise of every visit is its own. Trials count patients who are seen below, as publications
    do: their number is ``patients``. A recovery time is that of the day of the visit, as in the likelihood of a
    published one (`kinetics.observation.observed_times.visit_windows`); a share back by a time counts the visit of that
    time.

    Parameters
    ----------
    patients : int
        Of a trial.
    outputs : sequence of Limited
        Those that have a limit.
    times, starts : ndarray, (time,) and (course,)
        Visits and first doses, in the model's time.
    """

    patients: int
    outputs: Sequence[Limited]
    times: np.ndarray
    starts: np.ndarray

    def back(self, values: np.ndarray) -> np.ndarray:
        """The share of a population seen back by each visit of a course, of those seen below, (output, time).

        ``values``, (patient, time, quantity), are true. NaN before the first course, and where nobody is seen below.
        """
        shares = np.full((len(self.outputs), self.times.size), np.nan)
        for course, inside in enumerate(self._windows()):
            times = self.times[inside] - self.starts[course]
            if times.size < 2 or not len(values):
                continue
            for index, output in enumerate(self.outputs):
                *at_visits, never, _ = _first_returns(times, values[:, inside, output.column], output)
                if (seen := sum(at_visits) + never) > 0:
                    shares[index, inside] = np.cumsum(at_visits) / seen
        return shares

    def of_trials(self, back: np.ndarray, seed: int, draw: int) -> tuple[np.ndarray, np.ndarray]:
        """Of `TRIALS` trials of a population: `RECOVERY`, (trial, statistic, output, course), and shares back by time.

        ``back`` is of the population, as `back` gives it; shares are (trial, output, time).
        """
        times = np.full((TRIALS, len(RECOVERY), len(self.outputs), self.starts.size), np.nan)
        shares = np.full((TRIALS, *back.shape), np.nan)
        generator = np.random.default_rng(np.random.SeedSequence((seed, draw), spawn_key=(STREAM,)))
        uniform = generator.random((2, TRIALS, len(self.outputs), self.starts.size, self.patients))
        for course, inside in enumerate(self._windows()):
            visits = self.times[inside] - self.starts[course]
            for trial, index in np.ndindex(TRIALS, len(self.outputs)):
                risen = np.maximum.accumulate(back[index, inside])
                if visits.size < 2 or np.isnan(risen).any():
                    continue
                which, share = uniform[:, trial, index, course]
                scheduled = np.append(visits, np.inf)[np.searchsorted(risen, which, side="right")]
                shares[trial, index, inside] = (scheduled[:, None] <= visits).mean(axis=0)
                times[trial, :, index, course] = _of_times(visit_days(scheduled, visits, np.inf, share))
        return times, shares

    def _windows(self) -> Iterator[np.ndarray]:
        """Which visits are of each course, (time,): after its first dose, up to that of the next."""
        for start, stop in zip(self.starts, [*self.starts[1:], np.inf], strict=True):
            yield scheduled_within(self.times, float(start), float(stop))


def _first_returns(times: np.ndarray, values: np.ndarray, output: Limited) -> np.ndarray:
    """The share of patients first seen back at each visit, of those seen below and never back, and of those never."""
    if output.noise:
        location = np.log(np.maximum(values, TINY))
        observed = first_observed_return(times, location, np.log(output.limit), output.noise)
        return np.real(observed.probabilities.mean(axis=0))
    returns = first_return(values, output.limit)
    outcome = np.where(returns.was_below, returns.index, times.size + 1)
    return np.bincount(outcome, minlength=times.size + 2) / len(values)


def _of_times(times: np.ndarray) -> list[float]:
    """`RECOVERY` of patients, (patient,)."""
    known = finite(times)
    if not known.size:
        return [np.nan, np.nan, np.inf]
    return [float(known.mean()), float(np.exp(np.log(known).mean())), float(censored_median(times))]
