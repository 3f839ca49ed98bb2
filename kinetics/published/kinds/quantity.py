"""What every kind of published number is: its columns, and the model's number beside a row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import numpy as np
from scipy.special import expit, logit

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import InputError
from kinetics.measures.patient_statistics import statistic_of
from kinetics.observation import VisitSchedule
from kinetics.observation.observed_sample import ObservedSample
from kinetics.observation.population_values import Probe
from kinetics.published.derived import DerivedNumber
from kinetics.published.kinds.scale import LOGARITHM, LOGIT, Scale
from kinetics.published.likelihoods.proportion import binomial_interval
from kinetics.published.likelihoods.studies import studies_interval
from kinetics.units import conversion, parse_unit

if TYPE_CHECKING:
    from kinetics.published.arm import Arm
    from kinetics.published.evidence_row import EvidenceRow
    from kinetics.published.patients import Patients
    from kinetics.published.target import RowInFit

OF_KIND = ("output", "over", "time", "since", "level", "visits", "expression")
"""Columns that only some kinds have."""

MANY = 1000
"""Patients of a study that does not say how many."""
FITTED = ("mean", "median", "geometric_mean", "range", "unstated")
MIDDLE = (*FITTED, "typical")
OF_PATIENTS = (*MIDDLE, "sd")
"""Statistics over patients: of a row for a fit; of a fact; of a fact that may be about their spread."""


@dataclass(frozen=True)
class Columns:
    """What a row of a kind has: columns of `OF_KIND` that it ``needs`` and ``may`` have, statistics it may be."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()

    def missing(self, row: Any) -> list[str]:
        """What a row of the kind lacks."""
        return [f"kind '{row.kind}' needs a '{key}'" for key in self.needs if getattr(row, key) is None]

    def faults(self, row: Any) -> list[str]:
        """What is wrong between the kind of a row and its columns."""
        used = [key for key in OF_KIND if getattr(row, key, None) is not None]
        messages = self.missing(row)
        messages += [f"kind '{row.kind}' has no '{key}'" for key in used if key not in (*self.needs, *self.may)]
        statistics = ", ".join(self.statistics) or "empty"
        if row.statistic is None and self.statistics:
            messages.append(f"kind '{row.kind}' needs a 'statistic': {statistics}")
        if row.statistic is not None and row.statistic not in self.statistics:
            messages.append(
                f"kind '{row.kind}' and statistic '{row.statistic}' do not go together; it may be {statistics}"
            )
        return messages


class TypicalNumber(Protocol):
    """A published number of the typical patient, in its own unit, and its derivatives."""

    @property
    def unit(self) -> Any:
        """A pint unit."""
        ...

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        ...

    def value(self, trajectory: Trajectory, until: float) -> float:
        """What is reported; a time may be infinite (not reached again) or NaN (never below)."""
        ...

    def with_gradient(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """Value and derivatives by the chosen parameters, (parameter,).

        Always finite, so that a search can go on: where `value` is not, a stand-in that leads back.
        """
        ...


class Quantity:
    """A kind of published number; an object of it is the number that one row asks a model for.

    A kind is a subclass that `kinetics.published.kinds` registers. In a file of evidence it has `columns`, `own_unit`,
    `times`, and `sample` or `number`. In a table that fits read it has `columns_in_fits`, and `typical` for the typical
    patient, `probe` for a population, or both. What does not fit the model is an `InputError`.

    ``row`` has its columns, ``arm`` is whose number it is, ``time`` and ``since`` are in the model's time, ``visits``
    are when patients are measured; None for what the row does not say.
    """

    columns: ClassVar[Columns]
    columns_in_fits: ClassVar[Columns | None] = None
    compared: ClassVar[bool] = True
    """Whether a model says anything about it."""
    simulated: ClassVar[bool] = True
    """Whether patients are simulated for it."""
    sampled: ClassVar[bool] = True
    """Whether the number of patients of a study says how far its number may be from that of all."""
    scale: ClassVar[Scale | None] = LOGARITHM
    """On which it is fitted; None if it cannot be."""
    discrepancy_class: ClassVar[Literal["value", "time", "share"] | None] = None
    """Which numbers have errors of one scale, where the model is wrong; None of those that are no error of a level."""

    def __init__(
        self,
        row: EvidenceRow,
        arm: Arm,
        time: float | None = None,
        since: float | None = None,
        visits: VisitSchedule | None = None,
    ) -> None:
        self.row, self.arm, self.time, self.since, self.visits = row, arm, time, since, visits
        self.output = str(row.output)
        self.outputs = [name for name in (row.output, row.over) if name is not None]
        self.read()
        self.unit = self.own_unit()

    def read(self) -> None:
        """Read and check what only this kind has."""

    def under(self, arm: Arm) -> Quantity:
        """The same number of other patients."""
        return type(self)(self.row, arm, self.time, self.since, self.visits)

    def own_unit(self) -> Any:
        """The unit of the number, a pint unit."""
        return parse_unit("1")

    def unit_of_output(self) -> Any:
        """The unit of the output or state, a pint unit."""
        return self.arm.model.quantity(self.output).unit

    def unit_of_time(self) -> Any:
        """The unit of the model's time, a pint unit."""
        return self.arm.model.time

    def times(self) -> Sequence[float] | np.ndarray:
        """When outputs are needed beside time 0, (time,), in the model's time; by default those of the row."""
        return [moment for moment in (self.since, self.time) if moment is not None]

    def answer(self, patients: Patients | None = None) -> float:
        """What the model says, in `unit`, by the patients of its arm if it is `simulated`; NaN if it says nothing."""
        assert patients is not None
        return float(self.number(patients.typical if self.row.statistic == "typical" else patients))

    def moment(self, patients: Patients) -> float:
        """When the number is of, in the model's time; by default the time of the row."""
        return self.time or 0.0

    def number(self, patients: Patients) -> Any:
        """The number of all patients; by default the statistic of `sample`."""
        return statistic_of(self.sample(patients), str(self.row.statistic))

    def sample(self, patients: Patients) -> np.ndarray:
        """The number of each patient, (patient,), in `unit`."""
        raise NotImplementedError

    def scaled(self, number: float) -> float:
        """A number, in `unit`, as its errors are: the logarithm, by default of itself; NaN if there is none."""
        return math.log(number) if number > 0 else math.nan if math.isnan(number) else -math.inf

    def unscaled(self, number: float) -> float:
        """The number, in `unit`, that `scaled` gives this of."""
        return math.exp(number)

    def studies(self, patients: Patients, n: int) -> tuple[float, float]:
        """Where 95 % of studies of n patients have the number, in `unit`; NaN if it has no law of sampling."""
        if not self.sampled or self.row.statistic == "typical":
            return math.nan, math.nan
        return self.studies_of(patients, n)

    def studies_of(self, patients: Patients, n: int) -> tuple[float, float]:
        """The same of a kind that is `sampled`; by default that of the statistic of `sample`."""
        return studies_interval(ObservedSample(self.sample(patients)), str(self.row.statistic), n)

    @classmethod
    def typical(cls, entry: RowInFit) -> TypicalNumber:
        """The model's number under the typical patient of a fit."""
        raise InputError(f"a {entry.row.kind} needs a population; give the fit a table [population]")

    @classmethod
    def probe(cls, entry: RowInFit) -> Probe:
        """What of the patients of a population fit is measured."""
        raise InputError(f"a population fit cannot have a {entry.row.kind}")


class OfShare(Quantity):
    """A share of patients, or a probability that is one."""

    scale = LOGIT
    discrepancy_class = "share"

    def scaled(self, number: float) -> float:
        """The logit, of half a patient at least and at most."""
        half = 0.5 / (self.row.n or MANY)
        return float(logit(np.clip(number * float(conversion(self.unit, parse_unit("1"))), half, 1 - half)))

    def unscaled(self, number: float) -> float:
        """The share of a logit."""
        return float(expit(number)) / float(conversion(self.unit, parse_unit("1")))

    def studies_of(self, patients: Patients, n: int) -> tuple[float, float]:
        """Of the binomial distribution."""
        return binomial_interval(n, float(self.number(patients)))


class OfExpression(Quantity):
    """A number that is an expression of parameters, or is made of one."""

    def own_unit(self) -> Any:
        """The unit of the expression."""
        self.derived = DerivedNumber.read(str(self.row.expression), self.arm.model)
        return self.derived.unit
