"""Doses of many patients in arrays, as records have them: lag, bioavailability and what is modelled come later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from kinetics.regimen.records import DoseRecord

BOLUS, RATE, DURATION, MODELLED_RATE, MODELLED_DURATION = range(5)
"""How a dose is given."""


class ScheduledDose(NamedTuple):
    """A dose of one patient: its record and time, the episode of that time, and the one before which it has ended."""

    record: DoseRecord
    time: float
    episode: int
    stop: int


@dataclass(frozen=True, eq=False)
class ScheduledDoses:
    """Doses in arrays, (dose,), in the units of the model.

    Parameters
    ----------
    drug : ndarray of int
        Number among the drugs of the model.
    kind : ndarray of int
        `BOLUS`, `RATE`, `DURATION`, `MODELLED_RATE` or `MODELLED_DURATION`.
    is_constant : ndarray of bool
        Whether it is an infusion without beginning and end.
    time, amount, rate, duration, interval : ndarray
        As in `kinetics.regimen.DoseRecord`; the time of additional doses is their own.
    episode : ndarray of int
        The one of its time, whose constants it has.
    """

    drug: np.ndarray
    kind: np.ndarray
    is_constant: np.ndarray
    time: np.ndarray
    amount: np.ndarray
    rate: np.ndarray
    duration: np.ndarray
    interval: np.ndarray
    episode: np.ndarray

    def __len__(self) -> int:
        return len(self.drug)

    def take(self, rows: np.ndarray) -> ScheduledDoses:
        """Those of some numbers."""
        return ScheduledDoses(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def joined(
    patients: Sequence[Sequence[ScheduledDose]], first: np.ndarray, drugs: Sequence[str]
) -> tuple[ScheduledDoses, np.ndarray, np.ndarray]:
    """The doses of all patients, and all pairs of a dose and an episode in which it may act, by number.

    ``first`` are the numbers of the first episodes of patients.
    """
    every = [(dose, begin) for doses, begin in zip(patients, first, strict=True) for dose in doses]
    numbers = {drug: number for number, drug in enumerate(drugs)}
    records = [dose.record for dose, _ in every]
    doses = ScheduledDoses(
        drug=np.array([numbers[record.drug] for record in records], dtype=int),
        kind=np.array([_kind(record) for record in records], dtype=int),
        is_constant=np.array([record.is_constant for record in records], dtype=bool),
        time=np.array([dose.time for dose, _ in every], dtype=float),
        amount=np.array([record.amount for record in records], dtype=float),
        rate=np.array([record.rate for record in records], dtype=float),
        duration=np.array([record.duration for record in records], dtype=float),
        interval=np.array([record.interval for record in records], dtype=float),
        episode=np.array([begin + dose.episode for dose, begin in every], dtype=int),
    )
    spans = [np.arange(dose.episode, dose.stop) + begin for dose, begin in every]
    pairs = np.repeat(np.arange(len(spans)), [len(span) for span in spans]) if spans else np.empty(0, int)
    return doses, pairs, np.concatenate([np.empty(0, int), *spans])


def _kind(record: DoseRecord) -> int:
    if record.modelled:
        return MODELLED_RATE if record.modelled == "rate" else MODELLED_DURATION
    if record.rate > 0:
        return RATE
    return DURATION if record.duration > 0 else BOLUS
