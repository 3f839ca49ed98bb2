"""A model file to a `Model` that is not yet checked: tables to quantities, expressions to sympy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from kinetics.documents import Document
from kinetics.errors import Faults
from kinetics.expressions import is_name, parse
from kinetics.model.quantities import Cohort, CohortValue, Derived, Dose, Input, Output, Parameter, State
from kinetics.model.schema import (
    CohortRow,
    CohortValueRow,
    DerivedRow,
    DoseRow,
    InputRow,
    OutputRow,
    ParameterRow,
    StateRow,
    read_row,
)
from kinetics.model.sources import CHOICE, find_source
from kinetics.units import conversion, parse_unit

__all__ = ["TableReader", "read_cohorts", "read_tables"]

_ROWS = {
    "parameters": ParameterRow,
    "inputs": InputRow,
    "derived": DerivedRow,
    "doses": DoseRow,
    "states": StateRow,
    "outputs": OutputRow,
}


class TableReader:
    """Reads the quantities of one file, given the names of others it may refer to.

    Parameters
    ----------
    document : Document
        The file.
    faults : Faults
        Where everything wrong is noted.
    foreign : mapping of str to sympy.Symbol
        Names of other files, such as ``cd4.M4_b``, that expressions may use.
    """

    def __init__(self, document: Document, faults: Faults, foreign: Mapping[str, sp.Symbol]) -> None:
        self.document, self.faults = document, faults
        self.symbols = dict(foreign)
        for kind in ("parameters", "inputs", "derived", "states", "outputs"):
            for name in self._names(kind):
                self.symbols.setdefault(name, sp.Symbol(name, real=True))
        self._check_names()

    def _names(self, kind: str) -> list[str]:
        table = self.document.data.get(kind, {})
        return list(table) if isinstance(table, dict) else []

    def _check_names(self) -> None:
        seen: dict[str, str] = {}
        for kind in _ROWS:
            if not isinstance(self.document.data.get(kind, {}), dict):
                self.faults.add("must be a table", self.document.where(kind), kind)
            for name in self._names(kind):
                where = self.document.where(kind, name)
                if not is_name(name):
                    self.faults.add(f"'{name[:70]}' is reserved or no identifier; rename it", where, f"{kind}.{name[:70]}")
                if kind == "doses":
                    continue
                if name in seen:
                    self.faults.add(f"duplicate name: also in [{seen[name]}]", where, f"{kind}.{name}")
                seen.setdefault(name, kind)

    def rows(self, kind: str) -> Iterable[tuple[str, Any, str]]:
        """The well-formed rows of a table: name, row, ``file:line``."""
        for name in filter(is_name, self._names(kind)):
            row = read_row(_ROWS[kind], self.document.data[kind][name], self.document, (kind, name), self.faults)
            if row is not None:
                yield name, row, self.document.where(kind, name)

    def unit(self, text: str, *keys: str) -> Any:
        """A unit, or None and a fault."""
        with self.faults.gather(self.document.where(*keys), ".".join(keys)):
            return parse_unit(text)
        return None

    def expression(self, text: str, *keys: str) -> Any:
        """An expression, or zero and a fault."""
        with self.faults.gather(self.document.where(*keys), ".".join(keys)):
            return parse(text, self.symbols)
        return sp.S.Zero

    def source(self, key: str, *keys: str) -> str:
        """A source key, checked to exist."""
        if key != CHOICE and find_source(key, self.document.path.parent) is None:
            message = f"source '{key}' is in no references.bib; add it there, or write 'choice'"
            self.faults.add(message, self.document.where(*keys), ".".join(keys))
        return key


def read_tables(reader: TableReader) -> dict[str, dict[str, Any]]:
    """All quantities of a file by kind and name; faulty rows keep their name with no unit, so that they cause no second fault."""
    unit, expression = reader.unit, reader.expression
    parameters = {
        name: Parameter(
            name=name,
            value=float(row.value),
            unit=unit(row.unit, "parameters", name, "unit"),
            source=reader.source(row.source, "parameters", name, "source"),
            about=row.about,
            spread=None if row.spread is None else float(row.spread),
            prior=None if row.prior is None else float(row.prior),
            latex=row.symbol,
            where=where,
        )
        for name, row, where in reader.rows("parameters")
    }
    inputs = {
        name: Input(
            name=name, rest=float(row.rest), unit=unit(row.unit, "inputs", name, "unit"), about=row.about, latex=row.symbol, where=where
        )
        for name, row, where in reader.rows("inputs")
    }
    derived = {
        name: Derived(
            name=name,
            value=expression(row.value, "derived", name, "value"),
            unit=unit(row.unit, "derived", name, "unit"),
            minimum=None if row.minimum is None else float(row.minimum),
            about=row.about,
            latex=row.symbol,
            where=where,
        )
        for name, row, where in reader.rows("derived")
    }
    doses = {
        name: Dose(name=name, unit=unit(row.unit, "doses", name, "unit"), into=row.into, about=row.about, where=where)
        for name, row, where in reader.rows("doses")
    }
    states = {
        name: State(
            name=name,
            unit=unit(row.unit, "states", name, "unit"),
            initial=expression(row.initial, "states", name, "initial"),
            rate=expression(row.rate, "states", name, "rate"),
            about=row.about,
            latex=row.symbol,
            where=where,
        )
        for name, row, where in reader.rows("states")
    }
    outputs = {
        name: Output(
            name=name,
            unit=unit(row.unit, "outputs", name, "unit"),
            value=expression(row.value, "outputs", name, "value"),
            lower_limit=row.lower_limit,
            about=row.about,
            latex=row.symbol,
            where=where,
        )
        for name, row, where in reader.rows("outputs")
    }
    return {
        "parameters": parameters,
        "inputs": inputs,
        "derived": derived,
        "doses": doses,
        "states": states,
        "outputs": outputs,
    }


def read_cohorts(reader: TableReader, parameters: Mapping[str, Parameter]) -> dict[str, Cohort]:
    """The cohorts of a file; their values are looked up among the parameters of the flat model."""
    document, faults = reader.document, reader.faults
    cohorts: dict[str, Cohort] = {}
    tables = document.data.get("cohorts", {})
    for name, data in tables.items() if isinstance(tables, dict) else ():
        keys = ("cohorts", name)
        row = read_row(CohortRow, data, document, keys, faults)
        if not is_name(name):
            faults.add("a cohort's name must be an identifier", document.where(*keys), ".".join(keys))
        if row is None:
            continue
        if row.extends is not None and row.extends not in tables:
            faults.add(f"extends unknown cohort '{row.extends}'", document.where(*keys, "extends"), f"cohorts.{name}.extends")
        values: dict[str, CohortValue] = {}
        for path, value in _leaves(row.parameters):
            value_keys = (*keys, "parameters", *path)
            parsed = read_row(CohortValueRow, value, document, value_keys, faults)
            flat, label, where = "_".join(path), ".".join(value_keys), document.where(*value_keys)
            if flat not in parameters:
                faults.add(f"unknown parameter '{'.'.join(path)}'", where, label)
            elif parsed is not None:
                unit = reader.unit(parsed.unit, *value_keys)
                with faults.gather(where, label):
                    factor = 1.0 if unit is None or parameters[flat].unit is None else float(conversion(unit, parameters[flat].unit))
                    source = reader.source(parsed.source, *value_keys)
                    values[flat] = CohortValue(float(parsed.value) * factor, source, parsed.spread)
        cohorts[name] = Cohort(
            name=name, about=row.about, extends=row.extends, from_fit=row.from_fit, values=values, where=document.where(*keys)
        )
    _check_extends(cohorts, faults)
    return cohorts


def _leaves(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Rows of a table whose keys may be dotted: TOML nests ``cd4.k = {...}``."""
    for key, value in table.items():
        if isinstance(value, dict) and not {"value", "unit", "source"} & set(value) and len(path) == 0:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _check_extends(cohorts: Mapping[str, Cohort], faults: Faults) -> None:
    for cohort in cohorts.values():
        seen, name = {cohort.name}, cohort.extends
        while name in cohorts:
            if name in seen:
                faults.add(f"extends itself through '{name}'", cohort.where, f"cohorts.{cohort.name}.extends")
                break
            seen.add(name)
            name = cohorts[name].extends

