"""Published tables: one CSV row a number, checked as a whole."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from kinetics.documents import read_text
from kinetics.errors import Faults
from kinetics.model.schema import Row
from kinetics.model.sources import CHOICE, find_source

__all__ = ["PublishedRow", "read_table"]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]

NORMAL_95 = 1.959963984540054


class PublishedRow(Row):
    """One published number; the columns are described in docs/formats.md."""

    name: Text
    use: Literal["fit", "calibrate", "validate"]
    kind: Literal["count", "percent_of_baseline", "time_to_threshold"]
    statistic: Literal["mean", "median", "geometric_mean", "survival_median", "range"]
    output: Text
    regimen: Text
    cohort: Text
    time: str | None = None
    level: str | None = None
    value: Positive | None = None
    unit: Text
    sd: Positive | None = None
    lower: Positive | None = None
    upper: Positive | None = None
    n: Annotated[int, Field(gt=0)] | None = None
    log_se: Positive | None = None
    source: Text
    note: str = ""

    @property
    def is_range(self) -> bool:
        """Whether the row gives an interval and no value."""
        return self.statistic == "range"

    def own_log_se(self) -> float | None:
        """The standard error of the natural logarithm: as given, from the 95 % interval, or from SD and n."""
        if self.log_se is not None:
            return self.log_se
        if self.is_range or self.value is None:
            return None
        if self.lower is not None and self.upper is not None:
            return math.log(self.upper / self.lower) / (2 * NORMAL_95)
        if self.sd is not None and self.n is not None:
            return self.sd / self.value / math.sqrt(self.n)
        return None

    def faults(self) -> list[str]:
        """What is wrong between columns."""
        needed = {"count": "time", "percent_of_baseline": "time", "time_to_threshold": "level"}[self.kind]
        found = [f"kind '{self.kind}' needs a '{needed}'"] if getattr(self, needed) is None else []
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            found.append(f"interval {self.lower:g} to {self.upper:g} is empty")
        if self.is_range:
            found += ["a range needs 'lower' and 'upper'"] if self.lower is None or self.upper is None else []
            found += ["a range has no 'value'"] if self.value is not None else []
        elif self.value is None:
            found.append(f"statistic '{self.statistic}' needs a 'value'")
        elif (self.lower is not None and self.value < self.lower) or (self.upper is not None and self.value > self.upper):
            found.append(f"the interval excludes its own value {self.value:g}")
        return found


@dataclass(frozen=True)
class PlacedRow:
    """A published row and where it was read."""

    row: PublishedRow
    where: str


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
    rows: list[PlacedRow] = []
    with faults.gather(str(path)):
        reader = csv.DictReader(io.StringIO(read_text(path)), strict=True)
        unknown = set(reader.fieldnames or ()) - PublishedRow.model_fields.keys()
        for column in sorted(unknown):
            faults.add(f"unknown column; there are {', '.join(PublishedRow.model_fields)}", f"{path}:1", column)
        try:
            for number, record in enumerate(reader, 2):
                place = f"{path}:{max(number, reader.line_num)}"
                given = {key: text.strip() for key, text in record.items() if key in PublishedRow.model_fields and text and text.strip()}
                if None in record or any(text is None for text in record.values()):
                    faults.add("has more or fewer fields than the header", place, given.get("name", ""))
                rows += _checked_row(given, place, path, faults)
        except csv.Error as error:
            faults.add(f"not a CSV table: {error}", f"{path}:{reader.line_num}")
    seen: set[str] = set()
    for placed in rows:
        if placed.row.name in seen:
            faults.add("duplicate name", placed.where, placed.row.name)
        seen.add(placed.row.name)
    return rows


def _checked_row(given: dict[str, str], place: str, path: Path, faults: Faults) -> list[PlacedRow]:
    name = given.get("name", "?")
    try:
        row = PublishedRow.model_validate(given)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            column = ".".join(map(str, problem["loc"]))
            message = "missing" if problem["type"] == "missing" else f"{problem['msg'].lower()}, found {problem['input']!r:.60}"
            faults.add(message, place, f"{name}.{column}")
        return []
    for message in row.faults():
        faults.add(message, place, name)
    if row.source != CHOICE and find_source(row.source, path.parent) is None:
        faults.add(f"source '{row.source}' is in no references.bib", place, f"{name}.source")
    return [] if row.faults() else [PlacedRow(row, place)]
