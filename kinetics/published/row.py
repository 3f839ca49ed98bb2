"""A published number as a row of a CSV table: of a table that fits read, or of a file of evidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from kinetics.errors import UnitError
from kinetics.files.rows import Line, Row
from kinetics.published.kinds import KINDS
from kinetics.published.kinds.quantity import Columns
from kinetics.units import conversion, parse_unit, written_unit

NORMAL_95 = 1.959963984540054
"""The normal quantile that 95 % intervals end at."""

SHARE = 0.25
"""How far the model's number may be from a published one without an interval, as a share of it."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]

if TYPE_CHECKING:
    FactKind = FittedKind = str
else:
    FactKind = Literal[tuple(KINDS)]
    FittedKind = Literal[tuple(name for name, kind in KINDS.items() if kind.columns_in_fits is not None)]


class PublishedNumber(Row):
    """What both tables say of a published number."""

    name: Line
    over: str | None = None
    time: str | None = None
    since: str | None = None
    level: str | None = None
    visits: str | None = None
    value: Finite | None = None
    lower: Finite | None = None
    upper: Finite | None = None
    sd: Positive | None = None
    n: Annotated[int, Field(gt=0)] | None = None

    def value_faults(self, *, is_range: bool) -> dict[str, bool]:
        """What may be wrong between value and interval, and whether it is; an end that is not given is infinite."""
        lower = -math.inf if self.lower is None else self.lower
        upper = math.inf if self.upper is None else self.upper
        return {
            f"interval {lower:g} to {upper:g} is empty": not lower < upper,
            "a range has no 'value'": is_range and self.value is not None,
            f"the interval excludes its own value {self.value}": self.value is not None
            and lower < upper
            and not lower <= self.value <= upper,
        }


class PublishedRow(PublishedNumber):
    """One published number of a table that fits read; docs/formats/published_table.md describes the columns."""

    table: ClassVar[str] = "published table"
    use: Literal["fit", "calibrate", "validate"]
    kind: FittedKind
    statistic: Literal["mean", "median", "geometric_mean", "survival_median", "share", "range", "unstated"]
    output: Line
    regimen: Line
    cohort: Line
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    unit: Line
    lower: Positive | None = None
    upper: Positive | None = None
    interval: Literal["confidence", "quartiles", "extremes"] = "confidence"
    log_se: Positive | None = None
    rounding: Positive | None = None
    source: Line
    note: str = ""

    @property
    def of_patients(self) -> bool:
        """Whether it is a share of patients, which only a population can show."""
        return self.columns.statistics == ("share",)

    @property
    def is_range(self) -> bool:
        """Whether the row gives an interval and no value."""
        return self.statistic == "range"

    @property
    def columns(self) -> Columns:
        """The columns and statistics of its kind."""
        columns = KINDS[self.kind].columns_in_fits
        assert columns is not None
        return columns

    def summary(self) -> dict[str, Any]:
        """The row as JSON has it.

        ``published`` is the value, or the ends of a range; ``interval`` is the 95 % interval of a value, or None.
        """
        ends = None if self.lower is None or self.upper is None else [self.lower, self.upper]
        return {
            "name": self.name,
            "use": self.use,
            "published": ends if self.is_range else self.value,
            "unit": written_unit(parse_unit(self.unit)),
            "interval": None if self.is_range else ends,
            "statistic": self.statistic,
            "sd": self.sd,
            "n": self.n,
            "source": self.source,
        }

    def own_log_se(self) -> float | None:
        """The standard error of the natural logarithm: as given, from the 95 % interval, or from SD and n."""
        if self.log_se is not None:
            return self.log_se
        if self.is_range or not self.value:
            return None
        if self.interval == "confidence" and self.lower is not None and self.upper is not None:
            return math.log(self.upper / self.lower) / (2 * NORMAL_95)
        if self.sd is not None and self.n is not None:
            return self.sd / self.value / math.sqrt(self.n)
        return None

    def faults(self) -> list[str]:
        """What is wrong between columns."""
        wrong = self.value_faults(is_range=self.is_range) | {
            "an interval needs both 'lower' and 'upper'": (self.lower is None) != (self.upper is None),
            "a range needs 'lower' and 'upper'": self.is_range and self.lower is None and self.upper is None,
            f"statistic '{self.statistic}' needs a 'value'": not self.is_range and self.value is None,
            "value must be positive, found 0": self.value == 0 and not self.of_patients,
            "a geometric mean has no 'sd' of its own scale; give its interval": self.statistic == "geometric_mean"
            and self.sd is not None,
            f"interval '{self.interval}' needs the statistic median or survival_median": self.interval != "confidence"
            and self.statistic not in ("median", "survival_median"),
        }
        messages = [message for message, is_wrong in wrong.items() if is_wrong]
        return [*self.columns.faults(self), *messages, *self._share_faults()]

    def _share_faults(self) -> list[str]:
        if not self.of_patients or self.value is None:
            return []
        try:
            share = self.value * float(conversion(parse_unit(self.unit), parse_unit("1")))
        except UnitError as error:
            return [f"a share of patients is in percent or 1: {error}"]
        return [] if share <= 1 else [f"a share of patients is at most 100 %, found {self.value:g} {self.unit}"]


class EvidenceRow(PublishedNumber):
    """One published fact: a number, a direction, or a statement that no model here makes.

    The columns are described in docs/formats/evidence.md.
    """

    table: ClassVar[str] = "file of evidence"
    section: str = ""
    mark: Literal["S", "s", "c", "m"]
    use: Literal["fit", "calibrate", "validate", "input"]
    statement: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: FactKind
    statistic: (
        Literal["mean", "median", "geometric_mean", "survival_median", "share", "sd", "typical", "range", "unstated"]
        | None
    ) = None
    model: str | None = None
    cohort: str | None = None
    regimen: str | None = None
    output: str | None = None
    expression: str | None = None
    set: str | None = None
    relation: Literal["above", "below", "about"] | None = None
    versus: str | None = None
    unit: str | None = None
    source: Line
    reason: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether the number was read in a source; a number from memory (mark m) is not counted."""
        return self.mark != "m"

    @property
    def is_direction(self) -> bool:
        """Whether it says more or less, and no number of its own."""
        return self.relation is not None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the model's number is inside, in the row's unit: as published, else within `SHARE` of the value.

        An end that is not given is infinite.
        """
        if self.lower is None and self.upper is None:
            value = self.value or 0.0
            return value - SHARE * abs(value), value + SHARE * abs(value)
        return -math.inf if self.lower is None else self.lower, math.inf if self.upper is None else self.upper

    def faults(self) -> list[str]:
        """What is wrong between columns."""
        kind = KINDS[self.kind]
        compared = self._compared_faults() if kind.compared else self._stated_faults()
        return [*kind.columns.faults(self), *compared]

    def _stated_faults(self) -> list[str]:
        compared = [key for key in ("relation", "versus", "set") if getattr(self, key) is not None]
        messages = [f"kind '{self.kind}' has no '{key}': nothing is compared" for key in compared]
        return messages if self.reason else [*messages, f"kind '{self.kind}' needs a 'reason': why no model says it"]

    def _compared_faults(self) -> list[str]:
        bare = self.lower is None and self.upper is None
        wrong = {
            "needs a 'model'": self.model is None,
            "needs a 'unit'": self.unit is None and self.versus is None,
            "'versus' needs a 'relation': above, below or about": self.versus is not None and self.relation is None,
            "a 'relation' has no 'lower' and 'upper'": self.is_direction and not bare,
            "needs a 'value', or 'lower' or 'upper'": self.value is None and bare and self.versus is None,
            "with 'versus' a 'value' is a factor: its unit is 1": self.versus is not None
            and self.unit not in (None, "1"),
            f"a value of 0 needs 'lower' or 'upper': {SHARE:.0%} of 0 is 0": self.value == 0
            and bare
            and not self.is_direction,
        } | self.value_faults(is_range=self.statistic == "range")
        return [message for message, is_wrong in wrong.items() if is_wrong]
