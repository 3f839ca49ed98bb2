"""Published tables: one CSV row a number, checked as a whole."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kinetics.errors import Faults, UnitError
from kinetics.files.tables import read_rows
from kinetics.model.schema import Row
from kinetics.published.typical.kinds import KINDS, kind_faults
from kinetics.units import conversion, parse_unit, unit_text

__all__ = ["NORMAL_95", "PlacedRow", "PublishedRow", "check_units", "read_table"]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]

NORMAL_95 = 1.959963984540054
"""The normal quantile that 95 % intervals end at."""


class PublishedRow(Row):
    """One published number; the columns are described in docs/formats/published_table.md."""

    table: ClassVar[str] = "published table"
    name: Text
    use: Literal["fit", "calibrate", "validate"]
    kind: Literal[
        "count",
        "percent_of_baseline",
        "ratio",
        "time_to_threshold",
        "share_below",
        "share_above",
        "share_recovered",
    ]
    statistic: Literal["mean", "median", "geometric_mean", "survival_median", "share", "range", "unstated"]
    output: Text
    over: str | None = None
    regimen: Text
    cohort: Text
    time: str | None = None
    since: str | None = None
    level: str | None = None
    visits: str | None = None
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    unit: Text
    sd: Positive | None = None
    lower: Positive | None = None
    upper: Positive | None = None
    interval: Literal["confidence", "quartiles", "extremes"] = "confidence"
    n: Annotated[int, Field(gt=0)] | None = None
    log_se: Positive | None = None
    rounding: Positive | None = None
    source: Text
    note: str = ""

    @property
    def of_patients(self) -> bool:
        """Whether only a population can show it: a share of patients."""
        return KINDS[self.kind].of_patients

    @property
    def is_range(self) -> bool:
        """Whether the row gives an interval and no value."""
        return self.statistic == "range"

    def summary(self) -> dict[str, Any]:
        """The row as JSON has it.

        ``published`` is the value, or the ends of a range; ``interval`` is the 95 % interval of a value, or None.
        """
        ends = None if self.lower is None or self.upper is None else [self.lower, self.upper]
        return {
            "name": self.name,
            "use": self.use,
            "published": ends if self.is_range else self.value,
            "unit": unit_text(parse_unit(self.unit)),
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
        return [*kind_faults(self), *self._value_faults(), *self._share_faults()]

    def _value_faults(self) -> list[str]:
        lower, upper = self.lower or 0.0, self.upper or math.inf
        wrong = {
            f"interval {lower:g} to {upper:g} is empty": not lower < upper,
            "an interval needs both 'lower' and 'upper'": (self.lower is None) != (self.upper is None),
            "a range needs 'lower' and 'upper'": self.is_range and self.lower is None and self.upper is None,
            "a range has no 'value'": self.is_range and self.value is not None,
            f"statistic '{self.statistic}' needs a 'value'": not self.is_range and self.value is None,
            "value must be positive, found 0": self.value == 0 and not self.of_patients,
            f"the interval excludes its own value {self.value}": self.value is not None
            and lower < upper
            and not lower <= self.value <= upper,
            "a geometric mean has no 'sd' of its own scale; give its interval": self.statistic == "geometric_mean"
            and self.sd is not None,
            f"interval '{self.interval}' needs the statistic median or survival_median": self.interval != "confidence"
            and self.statistic not in ("median", "survival_median"),
        }
        return [message for message, is_wrong in wrong.items() if is_wrong]

    def _share_faults(self) -> list[str]:
        if not self.of_patients or self.value is None:
            return []
        try:
            share = self.value * float(conversion(parse_unit(self.unit), parse_unit("1")))
        except UnitError as error:
            return [f"a share of patients is in percent or 1: {error}"]
        return [] if share <= 1 else [f"a share of patients is at most 100 %, found {self.value:g} {self.unit}"]


@dataclass(frozen=True)
class PlacedRow:
    """A published row and where it was read: ``file:line``, and the file."""

    row: PublishedRow
    where: str
    path: Path


def read_table(path: Path, faults: Faults) -> list[PlacedRow]:
    """Read a published table.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file with a header.
    faults : Faults
        Where everything wrong is noted.

    Returns
    -------
    list of PlacedRow
        The rows that are right.
    """
    return [PlacedRow(row, where, path) for row, where in read_rows(path, PublishedRow, faults)]


def check_units(rows: Iterable[PlacedRow], faults: Faults) -> None:
    """Note rows of one kind and output in units that contradict each other, where no model tells which is wrong.

    Parameters
    ----------
    rows : iterable of PlacedRow
        Of one table.
    faults : Faults
        Where they are noted.
    """
    groups: dict[tuple[str, str, str | None], list[tuple[PlacedRow, Any]]] = defaultdict(list)
    for placed in rows:
        with suppress(UnitError):  # reported where the row meets a model
            unit = parse_unit(placed.row.unit)
            groups[placed.row.kind, placed.row.output, placed.row.over].append((placed, unit))
    for group in groups.values():
        # what most rows are in is taken for right
        common = Counter(str(unit.dimensionality) for _, unit in group).most_common(1)[0][0]
        other = next(placed for placed, unit in group if str(unit.dimensionality) == common)
        for placed, unit in group:
            if str(unit.dimensionality) != common:
                row = placed.row
                message = f"unit '{row.unit}' contradicts '{other.row.unit}' of {other.row.name} at {other.where}"
                faults.add(f"{message}: both are a {row.kind} of {row.output}", placed.where, f"{row.name}.unit")
