"""Rows of a TOML file against their classes: every fault with its file and line."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sized
from contextlib import AbstractContextManager
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from kinetics.errors import Faults
from kinetics.files.bibliography import CHOICE, find_source
from kinetics.files.documents import Document

Text = Annotated[StrictStr, Field(min_length=1, max_length=4000)]
Line = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
"""A long text of a file, and one that names or labels something."""
Keys = tuple[str | int, ...]
T = TypeVar("T")


class Row(BaseModel):
    """A table of a file: unknown keys are faults, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TitleRow(Row):
    """The table of a file that says what the file is and where that is from."""

    title: Text
    source: Text
    about: str = ""


R = TypeVar("R", bound=Row)


def read_row(kind: type[R], data: Any, document: Document, keys: Keys, faults: Faults) -> R | None:
    """Check one table against its class; None, and faults, if it does not fit."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            _note(kind, problem, document, keys, faults)
        return None


def read_fields(kind: type[Row], data: Any, document: Document, keys: Keys, faults: Faults) -> dict[str, Any]:
    """The values of one table by key, each checked for itself: None, and a fault, for what is missing or wrong."""
    try:
        return dict(kind.model_validate(data))
    except ValidationError as error:
        problems = error.errors(include_url=False)
    for problem in problems:
        _note(kind, problem, document, keys, faults)
    faulty = {problem["loc"][0] for problem in problems if problem["loc"]}
    defaults = {
        key: None if field.is_required() else field.get_default(call_default_factory=True)
        for key, field in kind.model_fields.items()
    }
    values = data if isinstance(data, Mapping) else {}
    return {key: None if key in faulty else values.get(key, default) for key, default in defaults.items()}


def problem_text(problem: Any) -> str:
    """What pydantic says of a value, and the value."""
    message = problem["msg"][:1].lower() + problem["msg"][1:]  # a name that is offered keeps its capitals
    return f"{message}, found {reprlib.repr(problem['input'])}"


def _note(kind: type[Row], problem: Any, document: Document, keys: Keys, faults: Faults) -> None:
    path = (*keys, *(part for part in problem["loc"] if isinstance(part, str)))
    known = ", ".join(kind.model_fields)
    if problem["type"] == "missing":
        faults.add(f"missing '{path[-1]}'", document.where(*keys), ".".join(map(str, keys)))
        return
    message = {
        "extra_forbidden": f"unknown key; there are {known}",
        "model_type": f"must be a table with {known}",
        "latex": problem["msg"],
    }.get(problem["type"], problem_text(problem))
    faults.add(message, document.where(*path), ".".join(map(str, path)))


class Reader:
    """Reads the tables of a document, and notes every fault at the key it is about."""

    def __init__(self, document: Document, faults: Faults) -> None:
        self.document, self.faults = document, faults

    def add(self, message: str, *keys: str | int) -> None:
        """Note a fault of a key."""
        self.faults.add(message, self.document.where(*keys), _dotted(keys))

    def at(self, *keys: str | int) -> AbstractContextManager[Faults]:
        """Note the faults of a block as those of a key, except those that have a location of their own."""
        return self.faults.gather(self.document.where(*keys), _dotted(keys))

    def check_tables(self, *known: str) -> None:
        """Note every table of the file that is not one of those known."""
        for key in self.document.data:
            if key not in known:
                self.add(f"unknown table; there are {', '.join(known)}", key)

    def read(self, load: Callable[[], T], *keys: str | int) -> T | None:
        """What a key names; None, and faults, if it cannot be read."""
        with self.at(*keys):
            return load()
        return None

    def table(self, kind: type[R], key: str) -> R | None:
        """The table of a name; empty if the file has none."""
        return self.row(kind, self.document.data.get(key, {}), key)

    def named(self, kind: type[R], key: str, most: int, needs: str) -> dict[str, R]:
        """The tables ``[key.NAME]`` that are right, by name; a file without any ``needs`` some."""
        tables = self.document.data.get(key)
        if not isinstance(tables, dict) or not tables:
            self.add(f"no {key}; add [{key}.NAME] with {needs}", key)
            return {}
        return self._rows(kind, key, most, tables, tables.items())

    def listed(self, kind: type[R], key: str, most: int | None = None, needs: str = "") -> dict[int, R]:
        """The tables ``[[key]]`` that are right, by number; a file without any may ``needs`` some."""
        tables = self.document.data.get(key, [])
        if needs and (not isinstance(tables, list) or not tables):
            self.add(f"no {key}; add [[{key}]] with {needs}", key)
            return {}
        if not isinstance(tables, list):
            self.add(f"must be written [[{key}]]", key)
            return {}
        return self._rows(kind, key, most, tables, enumerate(tables))

    def _rows(self, kind: type[R], key: str, most: int | None, tables: Sized, pairs: Any) -> dict[Any, R]:
        if most is not None and len(tables) > most:
            self.add(f"has {len(tables)}; at most {most}", key)
        rows = {name: self.row(kind, table, key, name) for name, table in pairs}
        return {name: row for name, row in rows.items() if row is not None}

    def row(self, kind: type[R], data: Any, *keys: str | int) -> R | None:
        """One table against its class, as `read_row`."""
        return read_row(kind, data, self.document, keys, self.faults)

    def fields(self, kind: type[Row], data: Any, *keys: str | int) -> dict[str, Any]:
        """The values of one table, as `read_fields`."""
        return read_fields(kind, data, self.document, keys, self.faults)

    def title(self, key: str, kind: type[TitleRow] = TitleRow) -> TitleRow | None:
        """The table that says what the file is; None, which has been noted, if there is none."""
        row = self.row(kind, self.document.data[key], key) if key in self.document.data else None
        if row:
            self.source(row.source, key, "source")
        return row

    def source(self, key: str, *keys: str | int) -> str:
        """A key of a bibliography, checked to exist."""
        with self.at(*keys):
            if key != CHOICE and find_source(key, self.document.file(*keys).parent) is None:
                self.add(f"source '{key}' is in no references.bib; add it there, or write 'choice'", *keys)
        return key


def as_list(value: Any) -> list[Any]:
    """A list, or an empty one: that it is no list has been noted."""
    return value if isinstance(value, list) else []


def as_table(value: Any) -> dict[str, Any]:
    """A table, or an empty one: that it is no table has been noted."""
    return value if isinstance(value, dict) else {}


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))[:200]


def dotted_name(flat: str, aliases: Iterable[str]) -> str:
    """A flat name as a file writes it: with a dot behind the longest alias of a used model that it begins with.

    >>> dotted_name("pk_k_el", ["pk"]), dotted_name("k_el", ["pk"])
    ('pk.k_el', 'k_el')
    """
    alias = max((alias for alias in aliases if flat.startswith(f"{alias}_")), key=len, default="")
    return f"{alias}.{flat[len(alias) + 1 :]}" if alias else flat


def dotted_rows(
    table: Mapping[str, Any], names: Container[str], columns: Iterable[str], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The rows of a table whose keys may have one dot, each with the parts of its key.

    TOML nests ``pk.k = {...}``, where a reader means one row named ``pk.k``. ``names`` are flat names of known rows,
    such as ``pk_k``; ``columns`` are the keys of a row.

    >>> [".".join(path) for path, _ in dotted_rows({"k": {"unit": "1"}, "pk": {"k": {"unit": "1"}}}, (), ["unit"])]
    ['k', 'pk.k']
    """
    columns = frozenset(columns)
    for key, row in table.items():
        inner = (*path, key)
        is_row = "_".join(inner) in names or not isinstance(row, dict) or row.keys() & columns
        if is_row or len(inner) > 2:
            yield inner, row
        else:
            yield from dotted_rows(row, names, columns, inner)
