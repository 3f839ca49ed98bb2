"""`VisitSchedule`: when patients are seen and what is measured then; from a file with every fault of it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.files.checksums import content_hash
from kinetics.files.kinds import document_of
from kinetics.files.library import find_file
from kinetics.files.rows import Reader, Row, Text, TitleRow, as_list, as_table
from kinetics.model import Model
from kinetics.observation.series import Series
from kinetics.regimen.times import DAY, SAME, in_days
from kinetics.text.suggestions import did_you_mean
from kinetics.text.tables import WIDTH, headline, html_table, paragraph
from kinetics.units import Unit, conversion


class VisitsFileRow(Row):
    """A whole file of visits."""

    visits: Any
    series: Annotated[list[Any], Field(min_length=1, max_length=100)]


class SeriesRow(Row):
    """A row of ``[[series]]``."""

    name: Text
    outputs: Annotated[list[Text], Field(min_length=1, max_length=1000)] | None = None
    tests: Annotated[list[Text], Field(min_length=1, max_length=1000)] | None = None
    at: Annotated[list[Text], Field(min_length=1, max_length=1000)] | None = None
    every: Text | None = None
    begin: Text | None = None
    until: Text | None = None
    after: Literal["first", "last"] = "first"
    window: Text | None = None


def read_visits(path: Path) -> tuple[TitleRow, tuple[Series, ...]]:
    """Read and check a file of visits: what it says of itself, and its series; `InputError` with every fault of it."""
    reader = Reader(document_of("visits", path), Faults())
    reader.row(VisitsFileRow, reader.document.data)
    title = reader.title("visits")
    read = {
        number: _series(reader, number, table)
        for number, table in enumerate(as_list(reader.document.data.get("series")))
    }
    series = {number: row for number, row in read.items() if row is not None}
    together = Faults()
    check_together(series, together)
    for fault in together:
        reader.add(fault.message, "series", *fault.name.split("."))
    reader.faults.raise_if_any()
    assert title is not None
    return title, tuple(series.values())


def check_together(series: Mapping[int, Series], faults: Faults) -> None:
    """Check series against each other: names differ, an output has one series, the rest has one at most.

    What is wrong is added to ``faults`` under ``NUMBER.KEY``.
    """
    names: set[str] = set()
    owners: dict[str, str] = {}
    rest = ""
    for number, row in series.items():
        if row.name in names:
            faults.add(f"another series is called '{row.name}'; rename one", name=f"{number}.name")
        names.add(row.name)
        for output in row.outputs:
            if output in owners:
                faults.add(f"'{output}' has visits in '{owners[output]}'; leave one out", name=f"{number}.outputs")
            owners.setdefault(output, row.name)
        of_rest = not row.outputs and not row.tests
        if of_rest and rest:
            faults.add(f"'{rest}' has no outputs either; only one may stand for the rest", name=f"{number}.name")
        rest = rest or (row.name if of_rest else "")


def _series(reader: Reader, number: int, table: Any) -> Series | None:
    """One series; None, and faults, if it is none. What is sound in a faulty row is checked too."""
    fields = reader.fields(SeriesRow, table, "series", number)
    written = as_table(table)
    faulty = {key for key in fields if fields[key] is None and (key in written or key == "name")}
    stand_in: dict[str, Any] = {
        "name": "series",
        "at": ["0 day"],
        "every": fields["until"] or "1 day",
        "until": fields["begin"] or fields["every"] or "1 day",
    }
    sound = {key: value for key, value in fields.items() if value is not None}
    try:
        series = Series(**sound, **{key: stand_in[key] for key in faulty & stand_in.keys()})
    except InputError as error:
        for fault in error.faults:
            if fault.name not in faulty:
                reader.add(fault.message, "series", number, fault.name)
        return None
    return None if faulty else series


@dataclass(frozen=True, repr=False)
class VisitSchedule:
    """Series of visits. Two schedules are equal if these are, whatever they are called.

    Parameters
    ----------
    series : sequence of Series
        With names of their own; an output is in one of them at most.
    name, title, source, about : str
        What it is called, what it is, the key of its publication, and which parts are choices.

    Raises
    ------
    InputError
        If two series clash.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> monthly = VisitSchedule([Series(name="counts", every="1 month", until="2 month", after="last")])
    >>> monthly.times("A", parse_unit("month"), np.array([0.0, 3.0]), until=12.0)
    array([1., 2., 3., 4., 5.])
    """

    series: Sequence[Series]
    name: str = field(default="", compare=False)
    title: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    about: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", tuple(self.series))
        faults = Faults()
        check_together(dict(enumerate(self.series)), faults)
        faults.raise_if_any()

    @classmethod
    def load(cls, name: str | Path) -> VisitSchedule:
        """Read a file of visits: a path, or the name of a schedule that ships.

        Raises
        ------
        InputError
            With every fault of the file.
        """
        path = find_file(name, "models/visits")
        header, series = read_visits(path)
        return cls(series, path.stem, **dict(header))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of what is measured and when, to 1e-9 day; titles do not count."""
        return content_hash(sorted(row.fingerprint for row in self.series))

    def check_outputs(self, model: Model) -> None:
        """Refuse, with an `UnknownNameError`, a schedule that names outputs which a model does not have."""
        unknown = [(row, name) for row in self.series for name in row.outputs if name not in model.outputs]
        if unknown:
            advice = f"; there are {', '.join(model.outputs) or 'none'}, and what no model has goes under 'tests'"
            raise UnknownNameError(
                *(
                    f"model '{model.name}' has no output '{name}', which series '{row.name}' of visits '{self.name}' "
                    f"measures{did_you_mean(name, model.outputs) or advice}"
                    for row, name in unknown
                )
            )

    def series_of(self, output: str) -> Series | None:
        """The series an output is measured in; None if it is in none."""
        own = (row for row in self.series if output in row.outputs)
        rest = (row for row in self.series if not row.outputs and not row.tests)
        return next(own, None) or next(rest, None)

    def window(self, output: str, unit: Unit) -> float:
        """How far the days of an output's visits may be from the schedule, in ``unit``; infinite if no file says."""
        series = self.series_of(output)
        if series is None or series.window is None:
            return np.inf
        return in_days(series.window) * float(conversion(DAY, unit))

    def times(self, output: str, unit: Unit, starts: np.ndarray, until: float) -> np.ndarray:
        """When an output is measured, (visit,), increasing; none for an output that is in no series.

        Visits later than ``until`` are left out; those closer than 1e-9 day are one. All times are in ``unit``.

        Parameters
        ----------
        output : str
            Of the model.
        unit : pint.Unit
            Of time.
        starts : numpy.ndarray, (course,)
            First doses of courses, in ``unit``, increasing, NaN for one not given; without any, time zero is the first
            dose.
        until : float
            The last time, in ``unit``.

        Raises
        ------
        InputError
            If there are more than 10000.
        UnitError
            If ``unit`` is no unit of time.
        """
        series = self.series_of(output)
        return np.empty(0) if series is None else self.times_of(series, unit, starts, until)

    def times_of(self, series: Series, unit: Unit, starts: np.ndarray, until: float) -> np.ndarray:
        """When a series has visits, (visit,), in ``unit``; order and errors are those of `times`.

        Parameters
        ----------
        series : Series
            Of the schedule.
        unit : pint.Unit
            Of time.
        starts : numpy.ndarray, (course,)
            First doses of courses, in ``unit``, as of `times`.
        until : float
            The last time, in ``unit``.
        """
        per_day = float(conversion(DAY, unit))
        starts = np.asarray(starts, dtype=float)
        days = series.days((starts[~np.isnan(starts)] / per_day).tolist())
        times = np.array(days, dtype=float) * per_day
        return np.minimum(times[times <= until + SAME * per_day], until)

    def __repr__(self) -> str:
        return f"<VisitSchedule {self.name or 'without a name'}: {', '.join(row.name for row in self.series)}>"

    def _repr_html_(self) -> str:
        return html_table(headline(self.name, self.title, self.source), ["series"], [[str(row)] for row in self.series])

    def text(self, width: int = WIDTH) -> str:
        """Title, what the source says, and series, in lines of at most ``width`` characters."""
        lines = (headline(self.name, self.title, self.source), *map(str, self.series))
        head, *series = (paragraph(line, width, hang=4) for line in lines)
        return "\n".join(filter(None, (head, paragraph(self.about, width), *series)))

    __str__ = text
