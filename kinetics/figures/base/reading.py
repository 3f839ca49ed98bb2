"""Reads the tables of a figure file, and what they name, and collects everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sized
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from kinetics.errors import Faults
from kinetics.figures.base.rows import PageRow
from kinetics.files.documents import Document
from kinetics.files.library import find_file, path_from
from kinetics.files.rows import Row, read_row
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.units import check_duration

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem

__all__ = ["SpecReader"]

R = TypeVar("R", bound=Row)
T = TypeVar("T")
Key = str | int


class SpecReader:
    """A figure file under check, with the ``tables`` it may have; every fault is kept with the line of its key."""

    def __init__(self, document: Document, *tables: str) -> None:
        self.document, self.data, self.faults = document, document.data, Faults()
        known = ("figure", "size", *tables)
        for key in self.data:
            if key not in known:
                self.add(f"unknown table; there are {', '.join(known)}", key)

    def add(self, message: str, *keys: Key) -> None:
        """Note one fault at a key."""
        self.faults.add(message, self.document.where(*keys), ".".join(map(str, keys)))

    def at(self, *keys: Key) -> AbstractContextManager[Faults]:
        """Note the faults of a block at a key."""
        return self.faults.gather(self.document.where(*keys), ".".join(map(str, keys)))

    def refuse(self) -> NoReturn:
        """Raise an `InputError` with every fault."""
        self.faults.raise_if_any()
        raise AssertionError("a part of the figure is missing, and nothing says why")

    def table(self, kind: type[R], key: str) -> R | None:
        """The table of a name; empty if the file has none."""
        return read_row(kind, self.data.get(key, {}), self.document, (key,), self.faults)

    def page(self) -> PageRow:
        """``[size]``."""
        return self.table(PageRow, "size") or PageRow()

    def named(self, kind: type[R], key: str, most: int, needs: str) -> dict[str, R]:
        """The tables ``[key.NAME]`` that are right, by name; a file without any ``needs`` some."""
        tables = self.data.get(key)
        if not isinstance(tables, dict) or not tables:
            self.add(f"no {key}; add [{key}.NAME] with {needs}", key)
            return {}
        return self._rows(kind, key, most, tables, tables.items())

    def listed(self, kind: type[R], key: str, most: int, needs: str = "") -> dict[int, R]:
        """The tables ``[[key]]`` that are right, by number; a file without any may ``needs`` some."""
        tables = self.data.get(key, [])
        if needs and (not isinstance(tables, list) or not tables):
            self.add(f"no {key}; add [[{key}]] with {needs}", key)
            return {}
        if not isinstance(tables, list):
            self.add(f"must be written [[{key}]]", key)
            return {}
        return self._rows(kind, key, most, tables, enumerate(tables))

    def _rows(self, kind: type[R], key: str, most: int, tables: Sized, pairs: Any) -> dict[Any, R]:
        if len(tables) > most:
            self.add(f"has {len(tables)}; at most {most}", key)
        rows = {name: read_row(kind, table, self.document, (key, name), self.faults) for name, table in pairs}
        return {name: row for name, row in rows.items() if row is not None}

    def path(self, name: str) -> str | Path:
        """A file named in this one: a path from its folder, or a name of the library."""
        return path_from(self.document.path, name)

    def read(self, load: Callable[[], T], *keys: Key) -> T | None:
        """What a key names; None, and faults, if it cannot be read."""
        with self.at(*keys):
            return load()
        return None

    def model(self, name: str) -> Model | None:
        """What ``figure.model`` names."""
        return self.read(lambda: Model.load(self.path(name)), "figure", "model")

    def regimen(self, name: str) -> Regimen | None:
        """What ``figure.regimen`` names."""
        return self.read(lambda: Regimen.load(self.path(name)), "figure", "regimen")

    def problem(self, fit: str) -> FitProblem | None:
        """What ``figure.fit`` names."""
        from kinetics.estimate import FitProblem

        return self.read(lambda: FitProblem.load(find_file(self.path(fit), "fits")), "figure", "fit")

    def check_duration(self, text: str, *keys: Key) -> None:
        """Note a text that is no positive time."""
        with self.at(*keys):
            check_duration(text)

    def check_cohort(self, cohort: str | None, model: Model) -> None:
        """Note a cohort that the model does not have."""
        if cohort is not None and cohort not in model.cohorts:
            names = ", ".join(model.cohorts) or "none"
            self.add(f"model '{model.name}' has no cohort '{cohort}'; there are {names}", "figure", "cohort")
