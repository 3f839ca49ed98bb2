"""A published number as a row of a CSV table that fits read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from kinetics.errors import UnitError
from kinetics.files.rows import Line, Row
from kinetics.published.kinds import KINDS
from kinetics.published.kinds.quantity import Columns
from kinetics.units import conversion, parse_unit, written_unit

NORMAL_95 = 1.959963984540054
"""The normal quantile that 95 % intervals end at."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]

if TYPE_CHECKING:
    FittedKind = str
else:
    FittedKind = Literal[tuple(name for name, kind in KINDS.items() if kind.columns_in_fits is not None)]


class PublishedNumber(Row):
    """What both tables say of a published number."""

    filled: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Columns that a table may leave out, by the column that it has in their place."""
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
    filled: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "study": ("name", "use", "kind", "statistic", "regimen", "cohort", "source")
    }
    use: Literal["fit", "calibrate", "validate"]
    kind: FittedKind
    statistic: Literal[
        "mean", "median", "geometric_mean", "survival_median", "share", "covariance", "range", "unstated"
    ]
    output: Line
    regimen: Annotated[str, Field(max_length=1000)]
    cohort: Annotated[str, Field(max_length=1000)]
    study: Line | None = None
    set: Line | None = None
    with_output: Line | None = None
    with_time: Line | None = None
    unit: Line
    lower: Positive | None = None
    upper: Positive | None = None
    interval: Literal["confidence", "quartiles", "extremes"] = "confidence"
    standard_error: Positive | None = None
    log_se: Positive | None = None
    rounding: Positive | None = None
    source: Line
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, cells: Any) -> Any:
        """A table that names the study may be short: what a row leaves out is filled in."""
        if not isinstance(cells, dict) or "study" not in cells:
            return cells
        same = {"use": "fit", "kind": "count", "statistic": "mean", "regimen": "", "cohort": ""}
        cells = same | {"source": cells["study"]} | cells
        parts = ("study", "cohort", "regimen", "set", "output", "with_output", "time", "with_time")
        texts = [str(cells[key]) for key in parts if cells.get(key)]
        return {"name": ", ".join([*texts, *([] if cells["statistic"] == "mean" else [cells["statistic"]])])} | cells

    @property
    def trial(self) -> str:
        """The study that the row is of: its column, else the source."""
        return self.study or self.source

    @property
    def on_own_scale(self) -> bool:
        """Whether the number has an error on its own scale, not on that of its logarithm, and may be negative."""
        return self.standard_error is not None or self.statistic == "covariance"

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
        value = 0.0 if self.value is None else self.value
        wrong = self.value_faults(is_range=self.is_range) | {
            "an interval needs both 'lower' and 'upper'": (self.lower is None) != (self.upper is None),
            "a range needs 'lower' and 'upper'": self.is_range and self.lower is None and self.upper is None,
            f"statistic '{self.statistic}' needs a 'value'": not self.is_range and self.value is None,
            f"value must be positive, found {value:g}": self.value is not None
            and not self.on_own_scale
            and (value < 0 or (value == 0 and not self.of_patients)),
            "a covariance needs 'with_time' or 'with_output': of which other measurement": self.statistic
            == "covariance"
            and self.with_time is None
            and self.with_output is None,
            "'with_time' and 'with_output' are of a covariance": self.statistic != "covariance"
            and (self.with_time or self.with_output) is not None,
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
