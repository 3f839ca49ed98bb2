"""What the rows of a table say, before times have an origin and analytes are outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from kinetics.patients.tables import CensoredNumber

Moment: TypeAlias = float | datetime
"""A time in the unit of the data, from a zero of its own; or a date."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Whose a row is, when, of which occasion, and where it stands; ``order`` is its number in the table."""

    patient: str
    moment: Moment
    where: str
    order: int
    occasion: str = ""


@dataclass(frozen=True, kw_only=True)
class CountEntry(Entry):
    """A value of an analyte in ``unit``; empty if the row has none. ``heading`` is that of its column."""

    analyte: str
    number: CensoredNumber
    unit: str = ""
    limit: float | None = None
    bound: float | None = None
    heading: str = ""


@dataclass(frozen=True, kw_only=True)
class DoseEntry(Entry):
    """Doses, as in `DoseRecord`; times are in the unit of the data, amounts in ``unit``."""

    drug: str
    amount: float = 0.0
    unit: str = ""
    rate: float = 0.0
    duration: float = 0.0
    modelled: Literal["", "rate", "duration"] = ""
    interval: float = 0.0
    additional: int = 0
    steady_state: int = 0
    reset: bool = False
    compartment: int | None = None
    heading: str = ""


@dataclass(frozen=True, kw_only=True)
class CovariateEntry(Entry):
    """A value of a covariate: a number in the unit of its column, or a category."""

    name: str
    value: float | str
    heading: str = ""


@dataclass
class Entries:
    """The entries of one or two tables, and what is to be said of them.

    ``keeps_order`` is whether rows of equal times follow each other as in the table. ``origins`` has time zero of each
    patient, if a column says it.
    """

    counts: list[CountEntry] = field(default_factory=list[CountEntry])
    doses: list[DoseEntry] = field(default_factory=list[DoseEntry])
    covariates: list[CovariateEntry] = field(default_factory=list[CovariateEntry])
    patients: dict[str, str] = field(default_factory=dict[str, str])
    origins: dict[str, datetime] = field(default_factory=dict[str, datetime])
    notes: list[str] = field(default_factory=list[str])
    keeps_order: bool = False

    @property
    def all(self) -> list[Entry]:
        """Every entry that has a time."""
        return [*self.counts, *self.doses, *self.covariates]
