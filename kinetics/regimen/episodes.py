"""The time line of one patient, cut where the state is set anew, where a covariate changes and an occasion begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.regimen.covariates import TimedValues
from kinetics.regimen.records import DoseRecord
from kinetics.regimen.scheduled_doses import ScheduledDose
from kinetics.regimen.times import apart

INSTANT = 1e-14
"""A value at the time of a dose is read before or after it by this share of the largest time."""
CHANGE = 10.0
"""How far a change of a covariate is from the time of its record, in times that count as one: so far that the boluses
of that time, which different lags set a little apart, all come on the same side of it."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Episodes of one patient, with doses, endless repetitions, and output times.

    ``readings`` are times since the begin of each episode, in order, ``numbers`` those among the times of the patient.
    ``values`` and ``occasion`` are of each episode. ``starts`` are the episodes whose start contains the
    steady state of each of ``trains``.
    """

    begin: np.ndarray
    end: np.ndarray
    is_new: np.ndarray
    is_reset: np.ndarray
    values: Mapping[str, np.ndarray]
    occasion: np.ndarray
    readings: list[np.ndarray]
    numbers: list[np.ndarray]
    doses: list[ScheduledDose]
    trains: list[ScheduledDose]
    starts: np.ndarray


def timeline(
    records: Sequence[DoseRecord],
    times: Sequence[float],
    sequences: Sequence[int] | None,
    covariates: Mapping[str, TimedValues],
    occasions: Sequence[float],
    same: float,
) -> Timeline:
    """Cut the time of a patient, from the first record to the last output time, into episodes.

    What comes after the last output time is left out. A covariate changes a little before or after the time of its
    record, so that everything that happens at that time has the value of the record.
    """
    outputs = np.asarray(times, dtype=float)
    first = min([*(record.time for record in records), *outputs.tolist()], default=0.0)
    last = max(outputs.tolist(), default=first)
    ordered = sorted((record for record in records if record.time <= last), key=lambda r: (r.time, r.sequence))
    instant = INSTANT * max(abs(first), abs(last))
    set_anew = [record.time for record in ordered if record.reset or record.steady_state]
    steps = [moment for values in covariates.values() for moment in values.steps(CHANGE * same)[0].tolist()]
    # an occasion that begins at the last output counts: an output may depend on parameters themselves
    opened = [moment for moment in occasions if moment <= last]
    changes = [moment for moment in steps if first < moment < last] + [moment for moment in opened if moment > first]
    begin = np.array(apart([first, *set_anew, *changes], same))
    # beyond the last output by more than what counts as one time, so that no episode is empty
    end = np.append(begin[1:], last + 2 * (same + instant))
    index = _EpisodeIndex(begin, same)
    occasion = np.searchsorted(index.after(np.array(opened, dtype=float)), np.arange(len(begin)), side="right")
    doses, trains, starts, is_new, is_reset = _act(ordered, index, last)
    readings, numbers = _readings(index, outputs, _after(ordered, outputs, sequences, same), instant)
    # no value changes within an episode
    values = {name: series.at(0.5 * (begin + end), CHANGE * same) for name, series in covariates.items()}
    return Timeline(begin, end, is_new, is_reset, values, occasion, readings, numbers, doses, trains, starts)


@dataclass(frozen=True, eq=False)
class _EpisodeIndex:
    """Finds the episode of a time."""

    begin: np.ndarray
    same: float

    def after(self, time: float | np.ndarray) -> np.ndarray:
        """The episode that begins at a time or contains it."""
        return np.maximum(np.searchsorted(self.begin, np.asarray(time) + self.same, side="right") - 1, 0)

    def before(self, time: float | np.ndarray) -> np.ndarray:
        """The episode that ends at a time or contains it; -1 for the first time."""
        return np.searchsorted(self.begin, np.asarray(time) - self.same, side="left") - 1


def _act(
    records: Sequence[DoseRecord], index: _EpisodeIndex, last: float
) -> tuple[list[ScheduledDose], list[ScheduledDose], np.ndarray, np.ndarray, np.ndarray]:
    """Go through the records in order: doses, endless repetitions with their episodes, and how episodes start."""
    size = len(index.begin)
    is_new, is_reset = np.zeros((2, size), bool)
    is_new[0] = is_reset[0] = True
    trains: dict[int, list[int]] = {}
    stops = [size] * len(records)
    for number, record in enumerate(records):
        episode = int(index.after(record.time))
        if record.reset or record.steady_state == 1:
            is_new[episode], is_reset[episode] = True, record.steady_state != 1
            trains[episode] = []
            # what was given before is over, and so are its additional doses
            stops[:number] = [min(stop, episode) for stop in stops[:number]]
        if record.steady_state:
            trains.setdefault(episode, []).append(number)
    doses = [
        ScheduledDose(record, float(time), int(episode), stop)
        for record, stop in zip(records, stops, strict=True)
        if record.drug and not record.is_constant
        for time in record.time + record.interval * np.arange(record.additional + 1)
        if time <= last and (episode := index.after(time)) < stop
    ]
    endless = [(episode, number) for episode, numbers in trains.items() for number in numbers]
    repeated = [
        ScheduledDose(records[number], records[number].time, episode, stops[number]) for episode, number in endless
    ]
    return doses, repeated, np.array([episode for episode, _ in endless], dtype=int), is_new, is_reset


def _after(
    records: Sequence[DoseRecord], times: np.ndarray, sequences: Sequence[int] | None, same: float
) -> np.ndarray:
    """Whether a value is the one after what arrives at its time, (time,): unless a record of that time follows it.

    So doses that a lag or a repetition brings to the time of a value come before it, as in NONMEM.
    """
    if sequences is None or not records:
        return np.full(times.shape, sequences is not None)
    moments, numbers = (np.array([getattr(record, key) for record in records]) for key in ("time", "sequence"))
    together = np.abs(times[:, None] - moments) <= same
    return np.logical_not((together & (numbers > np.asarray(sequences)[:, None])).any(axis=1))


def _readings(
    index: _EpisodeIndex, times: np.ndarray, after: np.ndarray, instant: float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The output times of each episode since its begin, in order, and their numbers."""
    episodes = np.where(after, index.after(times), np.maximum(index.before(times), 0))
    since = times - index.begin[episodes]
    moved = np.maximum(np.where(after, since + instant, since - instant), 0.0)
    order = np.lexsort((moved, episodes))
    numbers = [order[episodes[order] == episode] for episode in range(len(index.begin))]
    return [moved[chosen] for chosen in numbers], numbers
