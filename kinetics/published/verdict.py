"""A fact beside the model, and the finding that it is a row of: inside, outside, or which direction."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from kinetics.files.tables import PlacedRow
from kinetics.published.evidence_row import EvidenceRow
from kinetics.published.kinds import KINDS
from kinetics.published.likelihoods.predicted_summary import Interval

Group = Literal["numeric", "direction", "listed", "input", "not_modelled", "unverified"]

NOT_COUNTED = {
    "stratum": "some of the patients of a fitted number",
    "before_treatment": "before treatment, where the cohort is set",
    "parameter": "follows from parameters alone, nothing is simulated",
    "repeats_fit": "the same patients, or the same numbers, are in a fit",
    "typed_in": "a proportion that is itself a parameter",
    "cannot_fail": "no plausible values of the parameters contradict it",
}
"""Why a row is listed and not counted, by the class of the row."""


@dataclass(frozen=True)
class Verdict:
    """A fact beside the model.

    Parameters
    ----------
    placed : PlacedRow of EvidenceRow
        The row and where it stands.
    model : float or None
        The model's number, in the row's unit; of a direction with ``versus`` in the model's. None of a row that is not
        compared.
    versus : float or None
        The number that a direction is compared with, in the same unit.
    exploratory : bool
        Whether the model's number is of an output that it calls exploratory.
    studies : tuple of float or None
        Where 95 % of studies of the row's n have the number by the model, in the row's unit; None where the row has an
        interval, or no n.
    not_counted : str or None
        The class of `NOT_COUNTED` of a row that is listed only.
    """

    placed: PlacedRow[EvidenceRow]
    model: float | None = None
    versus: float | None = None
    exploratory: bool = False
    studies: tuple[float, float] | None = None
    not_counted: str | None = None

    @property
    def row(self) -> EvidenceRow:
        """The row."""
        return self.placed.row

    @property
    def group(self) -> Group:
        """Where it is listed. Only numbers and directions are counted."""
        if not self.row.is_verified:
            return "unverified"
        if not KINDS[self.row.kind].compared:
            return "not_modelled"
        if self.row.use == "input":
            return "input"
        if self.not_counted is not None:
            return "listed"
        return "direction" if self.row.is_direction else "numeric"

    @property
    def agrees(self) -> bool | None:
        """Whether the model's number is inside, or the direction is the published one.

        None of a row that is not compared, and of a number whose row has no interval and no n: nobody can say.
        """
        if self.model is None or self.bounds is None:
            return None
        if math.isnan(self.model):
            return False
        if self.studies is not None:
            return Interval(self.model, *self.studies).holds(self.row.value, self.row.rounding)
        lower, upper = self.bounds
        if self.row.relation in ("above", "below"):
            return lower < self.model < upper
        return lower <= self.model <= upper

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between which the model's number agrees, or if there are ``studies`` the published one; None if unknown."""
        if not self.row.is_direction:
            return self.studies or self.row.interval
        other = 1.0 if self.row.versus is None else math.nan if self.versus is None else self.versus
        if self.row.relation == "about":
            lower, upper = self.row.interval or (math.nan, math.nan)
            return lower * other, upper * other
        goal = other if self.row.value is None else self.row.value * other
        return (goal, math.inf) if self.row.relation == "above" else (-math.inf, goal)


@dataclass(frozen=True)
class Finding:
    """One quantity of one study: its rows that are counted, all numbers or all directions."""

    name: str
    verdicts: tuple[Verdict, ...]

    @property
    def agrees(self) -> bool | None:
        """Whether all its rows agree that have an interval; None if none has."""
        known = [each.agrees for each in self.verdicts if each.agrees is not None]
        return all(known) if known else None

    @property
    def in_fit(self) -> bool:
        """Whether the model has been fitted or calibrated to it."""
        return self.verdicts[0].row.in_fit


def findings_of(verdicts: Iterable[Verdict]) -> list[Finding]:
    """The findings of some rows, by the first row of each."""
    rows: dict[str, list[Verdict]] = defaultdict(list)
    for each in verdicts:
        rows[each.row.finding_name].append(each)
    return [Finding(name, tuple(group)) for name, group in rows.items()]
