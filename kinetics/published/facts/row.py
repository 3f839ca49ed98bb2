"""A published fact: what it says, what of a model says the same, and when the two agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kinetics.errors import InputError
from kinetics.model.schema import Row
from kinetics.published.facts.kinds import KINDS, kind_faults

__all__ = ["SHARE", "EvidenceRow", "PlacedFact", "versus_columns"]

SHARE = 0.25
"""How far the model's number may be from a published one without an interval, as a share of it."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]

_VERSUS = ("kind", "cohort", "regimen", "output", "over", "time", "since", "level", "visits", "expression")


class EvidenceRow(Row):
    """One published fact; the columns are described in docs/formats/evidence.md."""

    table: ClassVar[str] = "file of evidence"
    name: Text
    section: str = ""
    mark: Literal["S", "s", "c", "m"]
    use: Literal["fit", "calibrate", "validate", "input"]
    statement: Text
    kind: Literal[
        "count",
        "percent_of_baseline",
        "ratio",
        "share_below",
        "share_above",
        "share_recovered",
        "time_to_threshold",
        "time_below",
        "nadir",
        "fall",
        "time_of_nadir",
        "overshoot",
        "time_of_overshoot",
        "peak",
        "time_of_peak",
        "event_share",
        "event_peak",
        "covariate_with_event",
        "covariate_without_event",
        "courses_share",
        "parameter",
        "told",
    ]
    statistic: (
        Literal["mean", "median", "geometric_mean", "survival_median", "share", "sd", "typical", "range", "unstated"]
        | None
    ) = None
    model: str | None = None
    cohort: str | None = None
    regimen: str | None = None
    output: str | None = None
    over: str | None = None
    time: str | None = None
    since: str | None = None
    level: str | None = None
    visits: str | None = None
    expression: str | None = None
    set: str | None = None
    relation: Literal["above", "below", "about"] | None = None
    versus: str | None = None
    value: Number | None = None
    unit: str | None = None
    lower: Number | None = None
    upper: Number | None = None
    sd: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    n: Annotated[int, Field(gt=0)] | None = None
    source: Text
    reason: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether somebody has seen the number; what is from memory alone is not counted."""
        return self.mark != "m"

    @property
    def is_direction(self) -> bool:
        """Whether it says more or less, and no number of its own."""
        return self.relation is not None

    @property
    def simulated(self) -> bool:
        """Whether patients are simulated for it."""
        return KINDS[self.kind].simulated

    @property
    def interval(self) -> tuple[float, float]:
        """Where the model's number is inside, in the row's unit: as published, else within `SHARE` of the value.

        An end that is not given is infinite.
        """
        if self.lower is None and self.upper is None:
            value = self.value or 0.0
            return value - SHARE * abs(value), value + SHARE * abs(value)
        return (
            -math.inf if self.lower is None else self.lower,
            math.inf if self.upper is None else self.upper,
        )

    def faults(self) -> list[str]:
        """What is wrong between columns."""
        return [*kind_faults(self), *(self._told_faults() if self.kind == "told" else self._value_faults())]

    def _told_faults(self) -> list[str]:
        given = [key for key in ("relation", "versus", "set") if getattr(self, key) is not None]
        found = [f"kind 'told' has no '{key}': nothing is compared" for key in given]
        return found if self.reason else [*found, "kind 'told' needs a 'reason': why no model says it"]

    def _value_faults(self) -> list[str]:
        bare = self.lower is None and self.upper is None
        lower, upper = self.interval
        wrong = {
            "needs a 'model'": self.model is None,
            "needs a 'unit'": self.unit is None and self.versus is None,
            "'versus' needs a 'relation': above, below or about": self.versus is not None and self.relation is None,
            "a 'relation' has no 'lower' and 'upper'": self.is_direction and not bare,
            "needs a 'value', or 'lower' or 'upper'": self.value is None and bare and self.versus is None,
            "with 'versus' a 'value' is a factor: its unit is 1": self.versus is not None
            and self.unit not in (None, "1"),
            "a value of 0 needs 'lower' or 'upper': a share of 0 is 0": self.value == 0
            and bare
            and not self.is_direction,
            "a range has no 'value'": self.statistic == "range" and self.value is not None,
            f"interval {lower:g} to {upper:g} is empty": not bare and not lower < upper,
            f"the interval excludes its own value {self.value}": self.value is not None
            and lower < upper
            and not lower <= self.value <= upper,
        }
        return [message for message, is_wrong in wrong.items() if is_wrong]


@dataclass(frozen=True)
class PlacedFact:
    """A fact and where it was read: ``file:line``, and the file."""

    row: EvidenceRow
    where: str
    path: Path


def versus_columns(row: EvidenceRow) -> EvidenceRow | None:
    """The row that a direction compares with: the same but for what ``versus`` says; None if it names nothing.

    Parts are apart by semicolons: ``COLUMN = TEXT`` of another kind, output, time, cohort, regimen, ...; any other
    name is that of a parameter, and its value is set.

    Raises
    ------
    InputError
        If a part has no equals sign, or there is no such kind.

    Examples
    --------
    >>> row = EvidenceRow(
    ...     name="a", mark="S", use="validate", statement="later", kind="count", statistic="mean", model="m",
    ...     output="A", time="1 day", relation="above", versus="time = 2 day; pk.k = 3 1/day", set="j = 1 1", source="x"
    ... )
    >>> other = versus_columns(row)
    >>> other.time, other.set
    ('2 day', 'j = 1 1; pk.k = 3 1/day')
    """
    if row.versus is None:
        return None
    changed: dict[str, str] = {}
    settings = [] if row.set is None else [row.set]
    for part in filter(None, map(str.strip, row.versus.split(";"))):
        name, equals, text = (word.strip() for word in part.partition("="))
        if not (equals and text):
            raise InputError(f"'{part[:60]}': write COLUMN = TEXT or PARAMETER = VALUE, apart by semicolons")
        if name == "kind" and text not in KINDS:
            raise InputError(f"unknown kind '{text[:60]}'; there are {', '.join(KINDS)}")
        if name in _VERSUS:
            changed[name] = text
        else:
            settings.append(part)
    return row.model_copy(update={**changed, "set": "; ".join(settings) or None})
