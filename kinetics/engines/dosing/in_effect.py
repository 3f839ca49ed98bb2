"""Doses as they take effect: lag, bioavailability, and what a model says of durations and rates, with derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from kinetics.regimen.scheduled_doses import BOLUS, MODELLED_DURATION, MODELLED_RATE, RATE, ScheduledDoses

if TYPE_CHECKING:
    from kinetics.compile import System


@dataclass(frozen=True, eq=False)
class DosesInEffect:
    """Doses when and as they arrive, (dose,), in the units of the model; derivatives by parameters are (dose, name).

    Parameters
    ----------
    drug : ndarray of int
        Number among the drugs of the model.
    is_bolus : ndarray of bool
        Whether all arrives at once.
    start, end : ndarray
        When; alike for a bolus.
    amount : ndarray
        Of a bolus; zero for an infusion.
    rate : ndarray
        Of an infusion; zero for a bolus.
    start_change, end_change, amount_change, rate_change : ndarray, (dose, name)
        Their derivatives.
    """

    drug: np.ndarray
    is_bolus: np.ndarray
    start: np.ndarray
    end: np.ndarray
    amount: np.ndarray
    rate: np.ndarray
    start_change: np.ndarray
    end_change: np.ndarray
    amount_change: np.ndarray
    rate_change: np.ndarray

    def __len__(self) -> int:
        return len(self.drug)

    def take(self, rows: np.ndarray, earlier: np.ndarray | float = 0.0) -> DosesInEffect:
        """Those of some numbers, each so much earlier."""
        values = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return DosesInEffect(**values | {"start": values["start"] - earlier, "end": values["end"] - earlier})

    def differentiated(self, changes: Callable[[np.ndarray], np.ndarray]) -> DosesInEffect:
        """The same doses, with other derivatives in place of each table of them."""
        names = ("start_change", "end_change", "amount_change", "rate_change")
        return replace(self, **{name: changes(getattr(self, name)) for name in names})

    @staticmethod
    def together(*doses: DosesInEffect) -> DosesInEffect:
        """All of them, one after the other."""
        names = [field.name for field in fields(DosesInEffect)]
        return DosesInEffect(**{name: np.concatenate([getattr(some, name) for some in doses]) for name in names})


@dataclass(frozen=True, eq=False)
class DoseConstants:
    """What a model says of each drug, for each row of constants.

    ``values``, (row, drug) by key, are in the units of the model; ``changes``, (row, drug, name) by key, are their
    derivatives by parameters.
    """

    values: dict[str, np.ndarray]
    changes: dict[str, np.ndarray]

    @property
    def change(self) -> bool:
        """Whether a parameter changes any."""
        return any(changes.any() for changes in self.changes.values())


DEFAULTS = {"lag": 0.0, "bioavailability": 1.0, "duration": np.nan, "rate": np.nan}
"""What holds for a drug of which the model says nothing."""


def dose_constants(system: System, constants: np.ndarray, by_parameter: np.ndarray) -> DoseConstants:
    """What the model says of drugs, from constants, (row, constant), and their derivatives, (row, constant, name)."""
    names = [*system.parameters, *system.model.constants]
    size, drugs = len(constants), list(system.model.doses.values())
    values = {key: np.full((size, len(drugs)), default) for key, default in DEFAULTS.items()}
    changes = {key: np.zeros((size, len(drugs), by_parameter.shape[2])) for key in DEFAULTS}
    for column, dose in enumerate(drugs):
        for key in dose.expressions:
            number = names.index(dose.constant(key))
            values[key][:, column], changes[key][:, column] = constants[:, number], by_parameter[:, number]
    return DoseConstants(values, changes)


def doses_in_effect(scheduled: ScheduledDoses, of_model: DoseConstants, same: float) -> DosesInEffect:
    """When and how doses arrive.

    An amount A with bioavailability F, as an infusion of rate R, lasts F A/R; one of duration D has the rate F A/D. One
    that lasts no longer than ``same`` is a bolus.
    """
    at = scheduled.episode, scheduled.drug
    lag, share, duration, rate = (of_model.values[key][at] for key in DEFAULTS)
    lag_, share_, duration_, rate_ = (of_model.changes[key][at] for key in DEFAULTS)
    amount, amount_ = share * scheduled.amount, share_ * scheduled.amount[:, None]
    by_rate = (scheduled.kind == RATE) | (scheduled.kind == MODELLED_RATE)
    # what a record states is no function of a parameter
    duration_ = np.where((scheduled.kind == MODELLED_DURATION)[:, None], duration_, 0.0)
    rate_ = np.where((scheduled.kind == MODELLED_RATE)[:, None], rate_, 0.0)
    duration = np.where(scheduled.kind == MODELLED_DURATION, duration, scheduled.duration)
    rate = np.where(scheduled.kind == MODELLED_RATE, rate, scheduled.rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.where(by_rate, amount / rate, np.where(scheduled.kind == BOLUS, 0.0, duration))
        speed = np.where(by_rate, rate, amount / length)
        length_ = np.where(by_rate[:, None], (amount_ - length[:, None] * rate_) / rate[:, None], duration_)
        speed_ = np.where(by_rate[:, None], rate_, (amount_ - speed[:, None] * duration_) / length[:, None])
    is_bolus = ~(length > same) & ~scheduled.is_constant
    start, at_once = scheduled.time + lag, is_bolus[:, None]
    end, end_ = np.where(is_bolus, start, start + length), np.where(at_once, lag_, lag_ + length_)
    constant = scheduled.is_constant
    return DosesInEffect(
        drug=scheduled.drug,
        is_bolus=is_bolus,
        start=np.where(constant, -np.inf, start),
        end=np.where(constant, np.inf, end),
        amount=np.where(is_bolus, amount, 0.0),
        rate=np.where(is_bolus, 0.0, speed),
        start_change=np.where(constant[:, None], 0.0, lag_),
        end_change=np.where(constant[:, None], 0.0, end_),
        amount_change=np.where(at_once, amount_, 0.0),
        rate_change=np.where(at_once, 0.0, speed_),
    )
