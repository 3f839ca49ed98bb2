"""What is known of one patient: counts, doses, covariates, and the order in which they follow each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from kinetics.regimen import DoseRecord
from kinetics.regimen.covariates import CovariateRule
from kinetics.text.numbers import count_text
from kinetics.text.tables import html_table

Censoring: TypeAlias = Literal["", "below", "above"]


@dataclass(frozen=True)
class Observation:
    """One measurement.

    Parameters
    ----------
    time : float
        In the unit of time of the data; negative before time zero.
    output : str
        The output of the model that was measured.
    value : float
        In the unit of the output. Of a censored one, the limit it is ``"below"`` or ``"above"``.
    censored : {"", "below", "above"}
        Empty for a value that was measured.
    limit : float
        The lower limit of quantification of the measurement, in the unit of the output; NaN if it is not known.
    bound : float
        The other end of the interval in which a censored value lies; NaN if there is none.
    sequence : int
        Its number among all records of the patient, doses included: records of equal times follow each other so.

    Examples
    --------
    >>> Observation(30.0, "A", 0.02, "below", limit=0.02).is_censored
    True
    """

    time: float
    output: str
    value: float
    censored: Censoring = ""
    limit: float = math.nan
    bound: float = math.nan
    sequence: int = 0

    @property
    def is_censored(self) -> bool:
        """Whether the value is only known to lie below or above a limit."""
        return bool(self.censored)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Observation) and _key(self) == _key(other)

    def __hash__(self) -> int:
        return hash(_key(self))


@dataclass(frozen=True)
class CovariateSeries:
    """The values of a covariate over time, as they were recorded.

    Parameters
    ----------
    times : tuple of float
        Increasing, in the unit of time of the data; one if the value never changes.
    values : tuple of float or str
        In the unit of the covariate; text for a category.
    """

    times: tuple[float, ...]
    values: tuple[float | str, ...]

    @property
    def is_constant(self) -> bool:
        """Whether there is a single value."""
        return len(self.values) == 1

    @property
    def first(self) -> float | str:
        """The earliest value, in the unit of the covariate."""
        return self.values[0]


@dataclass(frozen=True)
class CovariateParameter:
    """The parameter of a model that a covariate sets.

    Parameters
    ----------
    parameter : str
        Its name, perhaps with a dot.
    rule : {"next", "last", "linear"}, optional
        The value between two times, see `kinetics.regimen.TimedValues`; needed if the covariate changes over time.
    """

    parameter: str
    rule: CovariateRule | None = None


@dataclass(frozen=True)
class Occasion:
    """A stretch of time in which some parameters of a patient are what they are, and may be others before and after.

    Parameters
    ----------
    name : str
        As the file has it.
    sequence : int
        The number of its first record among all records of the patient.
    """

    name: str
    sequence: int


@dataclass(frozen=True, repr=False)
class Patient:
    """One patient.

    Parameters
    ----------
    id : str
        As the file has it.
    observations : tuple of Observation
        In the order of ``sequence``.
    doses : tuple of DoseRecord
        In the order of ``sequence``.
    covariates : mapping of str to CovariateSeries
        By name.
    occasions : tuple of Occasion
        In the order of ``sequence``; empty if the data tell none apart.

    Examples
    --------
    >>> Patient("P1", (Observation(0.0, "A", 1.0),), (DoseRecord(0.0, "drug_a", 12.0, sequence=1),))
    <Patient P1: 1 count, 1 dose>
    """

    id: str
    observations: tuple[Observation, ...] = ()
    doses: tuple[DoseRecord, ...] = ()
    covariates: Mapping[str, CovariateSeries] = field(default_factory=dict[str, CovariateSeries])
    occasions: tuple[Occasion, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "covariates", dict(sorted(self.covariates.items())))

    @property
    def records(self) -> Iterator[Observation | DoseRecord]:
        """Counts and doses in the order in which they follow each other."""
        yield from sorted((*self.observations, *self.doses), key=lambda record: record.sequence)

    def occasion(self, record: Observation | DoseRecord) -> str:
        """The name of the occasion of a record; empty without occasions."""
        begun = [one for one in self.occasions if one.sequence <= record.sequence] or self.occasions
        return begun[-1].name if begun else ""

    @property
    def given(self) -> tuple[DoseRecord, ...]:
        """The records that give a drug, without those that only reset."""
        return tuple(dose for dose in self.doses if dose.drug)

    def __repr__(self) -> str:
        return (
            f"<Patient {self.id}: {count_text(len(self.observations), 'count')}, {count_text(len(self.given), 'dose')}>"
        )

    def _repr_html_(self) -> str:
        rows = [_shown(record) for record in self.records]
        return html_table(repr(self).strip("<>"), ["time", "name", "value"], rows)


def _shown(record: Observation | DoseRecord) -> list[str]:
    if isinstance(record, DoseRecord):
        return [f"{record.time:.6g}", record.drug or "reset", f"dose of {record.amount:.6g}" if record.drug else ""]
    sign = {"": "", "below": "< ", "above": "> "}[record.censored]
    return [f"{record.time:.6g}", record.output, f"{sign}{record.value:.6g}"]


def _key(record: Observation) -> tuple[object, ...]:
    """What an observation is; NaN, which is unlike itself, as None."""
    ends = (None if math.isnan(end) else end for end in (record.limit, record.bound))
    return (record.time, record.output, record.value, record.censored, *ends, record.sequence)
