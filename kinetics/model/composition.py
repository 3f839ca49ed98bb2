"""Composite models: used models are read, renamed ALIAS_NAME, and their inputs bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sympy as sp

from kinetics.documents import Document, read_document
from kinetics.errors import Faults, InputError
from kinetics.expressions import is_name
from kinetics.model.library import find_file
from kinetics.model.quantities import Cohort, Derived, Dose, Output, State
from kinetics.model.reading import TableReader, read_cohorts, read_tables
from kinetics.model.schema import HeaderRow, read_row

__all__ = ["Draft", "read_draft"]

_TABLES = frozenset(
    {"model", "uses", "bindings", "parameters", "inputs", "derived", "doses", "states", "outputs", "cohorts"}
)
_VALUES = ("parameters", "inputs", "derived", "states", "outputs")


@dataclass(frozen=True)
class Draft:
    """A flat model before its units and order are checked."""

    header: HeaderRow | None
    tables: dict[str, dict[str, Any]]
    cohorts: dict[str, Cohort]
    document: Document


def read_draft(path: Path, faults: Faults, trail: tuple[Path, ...] = ()) -> Draft:
    """Read a model file and every model it uses.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    faults : Faults
        Where everything wrong in any of the files is noted.
    trail : tuple of pathlib.Path
        The files that led here, to refuse a model that uses itself.

    Returns
    -------
    Draft

    Raises
    ------
    InputError
        If the file cannot be read at all.
    """
    document = read_document(path)
    for key in document.data.keys() - _TABLES:
        faults.add(f"unknown table; there are {', '.join(sorted(_TABLES))}", document.where(key), key)
    header = read_row(HeaderRow, document.data.get("model", {}), document, ("model",), faults)
    used = _read_used(document, faults, (*trail, path.resolve()))
    foreign = {
        f"{alias}.{name}": sp.Symbol(f"{alias}_{name}", real=True)
        for alias, draft in used.items()
        for kind in _VALUES
        for name in draft.tables[kind]
    }
    reader = TableReader(document, faults, foreign)
    tables = read_tables(reader)
    for alias, draft in used.items():
        for kind, rows in _renamed(alias, draft).items():
            for name, row in rows.items():
                if any(name in tables[other] for other in (_VALUES if kind != "doses" else ("doses",))):
                    faults.add(f"'{name}' of '{alias}' collides with a name of this file or of another", document.where("uses", alias), f"uses.{alias}")
                tables[kind].setdefault(name, row)
    _bind(reader, used, tables, faults)
    return Draft(header, tables, read_cohorts(reader, tables["parameters"]), document)


def _read_used(document: Document, faults: Faults, trail: tuple[Path, ...]) -> dict[str, Draft]:
    used: dict[str, Draft] = {}
    table = document.data.get("uses", {})
    if not isinstance(table, dict):
        faults.add("must be a table of ALIAS = MODEL", document.where("uses"), "uses")
        return used
    for alias, name in table.items():
        where, label = document.where("uses", alias), f"uses.{alias}"
        if not is_name(alias) or not isinstance(name, str):
            faults.add("must be an identifier = the name of a model", where, label)
            continue
        with faults.gather(where, label):
            is_path = "/" in name or name.endswith(".toml")
            path = document.path.parent / name if is_path else find_file(name, "models")
            if path.resolve() in trail:
                raise InputError("a model that uses itself")
            used[alias] = read_draft(path, faults, trail)
    return used


def _renamed(alias: str, draft: Draft) -> dict[str, dict[str, Any]]:
    """The tables of a used model under flat names; its outputs become derived quantities, its inputs wait to be bound."""
    names = {
        sp.Symbol(name, real=True): sp.Symbol(f"{alias}_{name}", real=True) for kind in _VALUES for name in draft.tables[kind]
    }

    def flat(row: Any) -> Any:
        changes: dict[str, Any] = {"name": f"{alias}_{row.name}"}
        if isinstance(row, Derived):
            changes |= {"value": row.value.xreplace(names)}
        elif isinstance(row, State):
            changes |= {"initial": row.initial.xreplace(names), "rate": row.rate.xreplace(names)}
        elif isinstance(row, Dose):
            changes = {"into": f"{alias}_{row.into}"}
        elif isinstance(row, Output):
            return Derived(
                name=f"{alias}_{row.name}", value=row.value.xreplace(names), unit=row.unit, about=row.about, latex=row.latex, where=row.where
            )
        return replace(row, **changes)

    tables = draft.tables
    derived = [flat(row) for row in (*tables["derived"].values(), *tables["outputs"].values())]
    return {
        "parameters": {row.name: row for row in map(flat, tables["parameters"].values())},
        "derived": {row.name: row for row in derived},
        "states": {row.name: row for row in map(flat, tables["states"].values())},
        "doses": {row.name: row for row in map(flat, tables["doses"].values())},
    }


def _bind(reader: TableReader, used: Mapping[str, Draft], tables: dict[str, dict[str, Any]], faults: Faults) -> None:
    document = reader.document
    bindings = document.data.get("bindings", {})
    if not isinstance(bindings, dict):
        faults.add("must be a table of ALIAS.INPUT = expression", document.where("bindings"), "bindings")
        return
    for alias, table in bindings.items():
        inputs = used[alias].tables["inputs"] if alias in used else {}
        for name, text in table.items() if isinstance(table, dict) else [("", table)]:
            keys = ("bindings", alias, name) if name else ("bindings", alias)
            if name not in inputs:
                faults.add(f"no used model has an input '{'.'.join(keys[1:])}'", document.where(*keys), ".".join(keys))
                continue
            row = inputs[name]
            tables["derived"][f"{alias}_{name}"] = Derived(
                name=f"{alias}_{name}",
                value=reader.expression(text, *keys),
                unit=row.unit,
                about=row.about,
                latex=row.latex,
                where=document.where(*keys),
            )
    for alias, draft in used.items():
        bound = bindings.get(alias, {})
        for name in draft.tables["inputs"]:
            if not isinstance(bound, dict) or name not in bound:
                faults.add(f"input '{alias}.{name}' is not bound; add it to [bindings]", document.where("uses", alias), f"bindings.{alias}.{name}")
