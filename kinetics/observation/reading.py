"""A file of visits to series: every fault of it at once, with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from kinetics.errors import Faults, InputError
from kinetics.files.documents import read_document
from kinetics.files.rows import Reader, Row, Text
from kinetics.observation.series import Series

__all__ = ["VisitsHeaderRow", "check_together", "read_visits"]


class VisitsFileRow(Row):
    """A whole file of visits."""

    visits: Any
    series: Annotated[list[Any], Field(min_length=1, max_length=100)]


class VisitsHeaderRow(Row):
    """``[visits]``."""

    title: Text
    source: Text
    about: str = ""


class SeriesRow(Row):
    """A row of ``[[series]]``."""

    name: Text
    outputs: Annotated[list[Text], Field(min_length=1, max_length=1000)] | None = None
    at: Annotated[list[Text], Field(min_length=1, max_length=1000)] | None = None
    every: Text | None = None
    begin: Text | None = None
    until: Text | None = None
    after: Literal["first", "last"] = "first"


def read_visits(path: Path) -> tuple[VisitsHeaderRow, tuple[Series, ...]]:
    """What a file of visits says of itself, and its series; an `InputError` has every fault of the file."""
    reader = Reader(read_document(path), Faults())
    tables = reader.document.data
    reader.row(VisitsFileRow, tables)
    header = reader.table(VisitsHeaderRow, "visits") if "visits" in tables else None
    if header is not None:
        reader.source(header.source, "visits", "source")
    rows = enumerate(tables["series"] if isinstance(tables.get("series"), list) else ())
    read = {number: _series(reader, number, table) for number, table in rows}
    series = {number: row for number, row in read.items() if row is not None}
    together = Faults()
    check_together(series, together)
    for fault in together:
        reader.add(fault.message, "series", *fault.name.split("."))
    reader.faults.raise_if_any()
    assert header is not None
    return header, tuple(series.values())


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
        if not row.outputs and rest:
            faults.add(f"'{rest}' has no outputs either; only one may stand for the rest", name=f"{number}.name")
        rest = rest or ("" if row.outputs else row.name)


def _series(reader: Reader, number: int, table: Any) -> Series | None:
    """One series; None, and faults, if it is none. What is sound in a faulty row is checked too."""
    fields = reader.fields(SeriesRow, table, "series", number)
    written = table if isinstance(table, dict) else {}
    faulty = {key for key in fields if fields[key] is None and (key in written or key == "name")}
    stand_in = {
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
