"""`DoseRecord`: one row of a table of doses, with the meaning that NONMEM gives to its columns; and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kinetics.regimen.times import MAX_COUNT, SAME, units_per_day
from kinetics.text.suggestions import did_you_mean

if TYPE_CHECKING:
    from kinetics.model import Model


@dataclass(frozen=True)
class DoseRecord:
    """One record of doses, with the meaning that NONMEM gives to its columns.

    Parameters
    ----------
    time : float
        Of the first dose, in the unit of time of the data, and of the model where it is integrated.
    drug : str
        The dose of the model; empty for a reset alone.
    amount : float
        In the unit of the drug. Zero for a reset alone, and for a constant infusion at steady state.
    rate : float
        Of an infusion (RATE > 0), in the unit of the drug per unit of time. A bioavailability changes its duration.
    duration : float
        Of an infusion, in the unit of time. A bioavailability changes its rate. At most one of ``rate`` and
        ``duration`` is positive; both are zero for a bolus.
    modelled : {"", "rate", "duration"}
        What the model says instead (RATE = -1, RATE = -2).
    interval : float
        Between repeated doses (II), in the unit of time.
    additional : int
        The number of doses after the first (ADDL).
    steady_state : {0, 1, 2}
        1: the state is replaced by that of endless repetition; 2: that state is added (SS).
    reset : bool
        Whether the system is set to its initial state before the dose (EVID 3 and 4).
    compartment : int or None
        As numbered in the file (CMT).
    sequence : int
        Its number among all records of the patient, counts included.

    Examples
    --------
    >>> DoseRecord(0.0, "drug_a", 100.0, interval=24.0, additional=3).last
    72.0
    """

    time: float
    drug: str
    amount: float
    rate: float = 0.0
    duration: float = 0.0
    modelled: Literal["", "rate", "duration"] = ""
    interval: float = 0.0
    additional: int = 0
    steady_state: int = 0
    reset: bool = False
    compartment: int | None = None
    sequence: int = 0

    @property
    def last(self) -> float:
        """When the last of the doses begins, in the unit of time."""
        return self.time + self.additional * self.interval

    @property
    def is_constant(self) -> bool:
        """Whether it stands for an infusion without beginning, which ends at the time of the record."""
        return self.steady_state > 0 and self.amount == 0 and (self.rate > 0 or self.modelled == "rate")


def record_faults(record: DoseRecord, model: Model) -> Iterator[str]:
    """Everything that is wrong with a record for a model, in words."""
    for name in ("time", "amount", "rate", "duration", "interval"):
        value = getattr(record, name)
        if not math.isfinite(value):
            yield f"{name} must be a finite number, found {value}"
        elif value < 0 and name != "time":
            yield f"{name} must not be negative, found {value:g}"
    if not 0 <= record.additional <= MAX_COUNT:
        yield f"additional must be from 0 to {MAX_COUNT}, found {record.additional}"
    if record.steady_state not in (0, 1, 2):
        yield f"steady_state must be 0, 1 or 2, found {record.steady_state}"
    if record.drug or not record.reset:
        yield from _dose_faults(record, model)


def _dose_faults(record: DoseRecord, model: Model) -> Iterator[str]:
    """What is wrong with the dose of a record."""
    if record.drug not in model.doses:
        known = ", ".join(model.doses) or "none"
        yield f"unknown drug '{record.drug}'{did_you_mean(record.drug, model.doses)}; the model accepts {known}"
    elif record.modelled and record.modelled not in model.doses[record.drug].expressions:
        yield f"the model has no {record.modelled} of {record.drug}: add '{record.modelled}' to [doses.{record.drug}]"
    if (record.rate > 0) + (record.duration > 0) + bool(record.modelled) > 1:
        yield "an infusion has a rate, a duration, or one of the two from the model, and no second of these"
    if record.is_constant:
        if record.interval or record.additional:
            yield "a constant infusion at steady state has no interval and no additional doses"
        return
    if record.amount == 0:
        yield "amount must be positive; only a reset, or a constant infusion (a rate) at steady state, has none"
    if record.interval == 0 and record.additional > 0:
        yield f"{record.additional} additional doses need a positive interval"
    if record.steady_state in (1, 2):
        if record.interval == 0:
            yield "a steady state of repeated doses needs a positive interval"
        elif 0 < record.interval <= SAME * float(units_per_day(model.time)):
            yield f"a steady state needs an interval of more than {SAME:g} day; times closer than this are one"
