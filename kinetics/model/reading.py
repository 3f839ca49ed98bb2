"""A model file to quantities that are not yet checked against each other: tables to rows, expressions to sympy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sympy as sp

from kinetics.errors import Faults
from kinetics.expressions import is_name, parse
from kinetics.files.bibliography import CHOICE
from kinetics.files.documents import Document
from kinetics.files.rows import Reader, Row
from kinetics.model.events.reading import read_events
from kinetics.model.quantities import DOSE_EXPRESSIONS, Derived, Dose, Input, Output, Parameter, Quantity, State
from kinetics.model.schema import DerivedRow, DoseRow, InputRow, OutputRow, ParameterRow, StateRow
from kinetics.model.timing.clock import TIME
from kinetics.model.variation import VARIATION_KEYS
from kinetics.units import parse_unit

MAX_ROWS = 1000


class _Kind(NamedTuple):
    row: type[Row]
    quantity: type[Quantity]
    expressions: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()  # expressions too


_KINDS = {
    "parameters": _Kind(ParameterRow, Parameter),
    "inputs": _Kind(InputRow, Input),
    "derived": _Kind(DerivedRow, Derived, ("value",)),
    "doses": _Kind(DoseRow, Dose, optional=DOSE_EXPRESSIONS),
    "states": _Kind(StateRow, State, ("initial", "rate")),
    "outputs": _Kind(OutputRow, Output, ("value",)),
}
# what stands for a value that was missing or wrong, and has been reported
_BLANK = {"value": math.nan, "rest": math.nan, "into": "", "about": "", "label": "", "latex": "", "source": CHOICE}


class Names(dict[str, sp.Symbol]):
    """The names expressions may use, such as ``V1`` and ``pk.V1``.

    Every name of a model that could not be read, whose alias is ``lost``, counts as known.
    """

    def __init__(self, known: Mapping[str, sp.Symbol], lost: Iterable[str] = ()) -> None:
        super().__init__(known)
        self.lost = frozenset(lost)

    def __missing__(self, name: str) -> sp.Symbol:
        alias, dot, _ = name.partition(".")
        if dot and alias in self.lost:
            return sp.Symbol(name.replace(".", "_"), real=True)
        raise KeyError(name)


class TableReader(Reader):
    """Reads the tables of one file. To the names of other files that expressions may use it adds its own."""

    def __init__(self, document: Document, faults: Faults, names: Names) -> None:
        super().__init__(document, faults)
        self.names = names
        self.kinds: dict[str, list[str]] = {}
        for kind in _KINDS:
            for name in self.rows(kind):
                self._note_name(kind, name)
        names.update({name: sp.Symbol(name, real=True) for name in (*self.kinds, TIME.name)})

    def rows(self, kind: str) -> dict[str, Any]:
        """A table of the file, within its largest size; empty if there is none, or it is none."""
        table = self.document.data.get(kind, {})
        if not isinstance(table, dict):
            self.add("must be a table", kind)
            return {}
        if len(table) > MAX_ROWS:
            self.add(f"more than {MAX_ROWS} rows", kind)
            return dict(list(table.items())[:MAX_ROWS])
        return table

    def _note_name(self, kind: str, name: str) -> None:
        if not is_name(name):
            self.add(f"'{name[:70]}' is reserved or no identifier; rename it", kind, name)
        if kind != "doses":
            others = self.kinds.setdefault(name, [])
            if others:
                self.add(f"duplicate name: also in [{others[0]}]", kind, name)
            others.append(kind)

    def unit(self, text: str, *keys: str) -> Any:
        """A unit, or None and a fault."""
        with self.at(*keys):
            return parse_unit(text)
        return None

    def expression(self, text: str, *keys: str) -> Any:
        """An expression, or zero and a fault."""
        with self.at(*keys):
            return parse(text, self.names)
        return sp.S.Zero

    def quantity(self, kind: str, name: str, table: Any) -> Quantity:
        """A row as a quantity. What is wrong in it is blank, so that nothing that uses it is reported for its sake."""
        row, quantity, expressions, optional = _KINDS[kind]
        fields = without_incomplete(self.fields(row, table, kind, name), table)
        readers = {"unit": self.unit, "source": self.source}
        readers |= dict.fromkeys((*expressions, *optional), self.expression)
        for key in readers.keys() & {key for key, text in fields.items() if text is not None}:
            fields[key] = readers[key](fields[key], kind, name, key)
        if "symbol" in fields:
            fields["latex"] = fields.pop("symbol")
        if len(self.kinds.get(name, ())) > 1:  # one name for two things: neither is known
            fields |= {"unit": None} | dict.fromkeys(expressions)
        blank: dict[str, Any] = _BLANK | dict.fromkeys(expressions, sp.S.Zero)
        filled: dict[str, Any] = {key: blank.get(key) if value is None else value for key, value in fields.items()}
        locations = {key: (self.document.where(kind, name, key), f"{kind}.{name}.{key}") for key in row.model_fields}
        return quantity(name=name, where=self.document.where(kind, name), locations=locations, **filled)


def without_incomplete(fields: dict[str, Any], table: Any) -> dict[str, Any]:
    """The fields of a row; if a part of how it varies was wrong and has been reported, its spread is no number."""
    declared = {*VARIATION_KEYS, "minimum", "maximum"} & fields.keys() & set(table if isinstance(table, dict) else ())
    if "spread" not in fields or not any(fields[key] is None for key in declared):
        return fields
    return fields | {"spread": math.nan, "distribution": None, "shares": None}


def read_tables(reader: TableReader) -> dict[str, dict[str, Any]]:
    """All quantities and events of a file by kind and name."""
    tables = {
        kind: {name: reader.quantity(kind, name, row) for name, row in reader.rows(kind).items()} for kind in _KINDS
    }
    return {**tables, "events": read_events(reader)}
