"""A fit problem that extends another: both merged into one document, which knows the file of every key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.files.documents import Document
from kinetics.files.kinds import document_of
from kinetics.files.library import find_file, path_from
from kinetics.model.extension import ExtendedDocument, Keys

MAX_LEVELS = 8
VARIANTS = "variants"
"""The folder beside a fit in which those lie that extend it, with models that compete."""
ROW = frozenset({"lower", "upper"})
"""What every row of ``[free]`` and ``[spreads]`` has, and no table of such rows."""

OWN = {("fit", "extends"), ("fit", "without")}
"""What an extension does not inherit: it is about the base of the file that says it."""


def read_fit_document(path: Path, trail: tuple[Path, ...] = ()) -> tuple[Document, tuple[Path, ...]]:
    """Read a fit problem with all that it takes from those it extends, whose paths are returned too, nearest first.

    ``trail`` are the files that led here, to refuse a problem that extends itself. A base that cannot be read raises.
    """
    own, trail = document_of("fit", path), (*trail, path.resolve())
    header = own.data.get("fit")
    if not isinstance(header, dict) or "extends" not in header:
        return own, ()
    base, bases, faults = own, (), Faults()
    with faults.gather(own.where("fit", "extends"), "fit.extends"):
        if not isinstance(header["extends"], str):
            raise InputError("must be one text: the name of a fit, or a path")
        if len(trail) > MAX_LEVELS:
            raise InputError(f"more than {MAX_LEVELS} levels of fits")
        base_path = find_file(path_from(path, header["extends"]), "fits")
        if base_path.resolve() in trail:
            raise InputError("a fit that extends itself")
        base, further = read_fit_document(base_path, trail)
        bases = (base_path, *further)
    with faults.gather(own.where("fit", "without"), "fit.without"):
        _check_names(header.get("without", []))
    faults.raise_if_any()
    return _Merger(own, base).document(), bases


class _Merger:
    """Merges an extension into a base, and notes where the keys are that the extension takes over."""

    def __init__(self, own: Document, base: Document) -> None:
        self.own, self.base = own, base
        self.locations: dict[Keys, tuple[Document, Keys]] = {}

    def document(self) -> ExtendedDocument:
        data = self._table(self.own.data, self.base.data, ())
        faults = Faults()
        for name in data["fit"].get("without", ()):
            left = _without(data, ("free", *name.split(".")))
            data = left or data
            if left is None:
                message = f"{self.base.path.name} has no free parameter '{name}'"
                faults.add(message, self.own.where("fit", "without"), "fit.without")
        faults.raise_if_any()
        return ExtendedDocument(self.own.path, data, own=self.own, locations=self.locations)

    def _table(self, own: Mapping[str, Any], base: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
        """The rows of the base, replaced or not, then those that are new."""
        merged = {
            key: self._value(own[key], row, (*keys, key)) if key in own else self._taken(row, (*keys, key))
            for key, row in base.items()
            if key in own or (*keys, key) not in OWN
        }
        return merged | {key: row for key, row in own.items() if key not in base}

    def _taken(self, value: Any, keys: Keys) -> Any:
        self.locations[keys] = self.base, keys
        return value

    def _value(self, own: Any, base: Any, keys: Keys) -> Any:
        """A row of ``[free]`` is replaced as a whole, a table key by key."""
        tables = isinstance(own, dict) and isinstance(base, dict)
        return self._table(own, base, keys) if tables and not {*own, *base} >= ROW else own


def _check_names(names: Any) -> None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError('must be a list of free parameters of the fit it extends, such as ["k"]')


def _without(table: Any, keys: Keys) -> dict[str, Any] | None:
    """Nested tables without a row, nor those that it leaves empty; None if it is not there."""
    key, *further = keys
    if not isinstance(table, dict) or key not in table:
        return None
    inner = _without(table[key], tuple(further)) if further else {}
    if inner is None:
        return None
    return {name: inner if name == key else row for name, row in table.items() if name != key or inner}
