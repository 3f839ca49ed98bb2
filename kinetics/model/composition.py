"""Composite models: used models are read, renamed ALIAS_NAME, and their inputs bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sympy as sp

from kinetics.errors import Faults, InputError
from kinetics.expressions import is_name
from kinetics.files.documents import Document
from kinetics.files.rows import read_fields
from kinetics.model.cohort_tables import read_cohorts
from kinetics.model.correlations import read_correlations
from kinetics.model.events import Event
from kinetics.model.extension import MAX_LEVELS, model_path, read_extended
from kinetics.model.latex import latex_name
from kinetics.model.quantities import Cohort, Correlation, Derived, Dose, Input, Output, State
from kinetics.model.reading import Names, TableReader, read_tables
from kinetics.model.schema import ModelHeaderRow

_VALUES = ("parameters", "inputs", "derived", "states", "outputs")
_TABLES = frozenset(("model", "uses", "bindings", *_VALUES, "doses", "events", "correlations", "cohorts"))
MAX_FILES = 100
MAX_QUANTITIES = 3000
"""Rows of all the models that one uses."""


@dataclass(frozen=True)
class Draft:
    """A flat model before its units and order are checked; ``header`` is `ModelHeaderRow` by key, None for a fault.

    ``extends`` are the files whose rows it took, ``files`` all that were read. ``aliases`` are the
    names of the models it uses. Its units are unchecked if those of one of these are.
    """

    header: dict[str, Any]
    tables: dict[str, dict[str, Any]]
    correlations: tuple[Correlation, ...]
    cohorts: dict[str, Cohort]
    document: Document
    extends: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    aliases: tuple[str, ...] = ()
    is_unchecked: bool = False


def read_draft(file: Path | Document, faults: Faults, trail: tuple[Path, ...] = ()) -> Draft:
    """Read a model file, unless that is done, those it extends, and every model they use.

    ``trail`` are the files that led here, to refuse a model that uses itself.
    """
    document, bases = read_extended(file, faults, trail)
    for key in document.data.keys() - _TABLES:
        faults.add(f"unknown table; there are {', '.join(sorted(_TABLES))}", document.where(key), key)
    header = read_fields(ModelHeaderRow, document.data.get("model", {}), document, ("model",), faults)
    used, lost = _read_used(document, faults, (*trail, document.path.resolve()))
    foreign = {
        f"{alias}.{name}": sp.Symbol(f"{alias}_{name}", real=True)
        for alias, draft in used.items()
        for kind in _VALUES
        for name in draft.tables[kind]
    }
    reader = TableReader(document, faults, Names(foreign, lost))
    tables = read_tables(reader)
    for alias, draft in used.items():
        _join(reader, alias, _renamed(alias, draft), tables)
    _bind(reader, used, tables)
    _mark_exploratory(tables)
    files = (document.path, *bases, *(path for draft in used.values() for path in draft.files))
    correlations = _correlations(reader, used)
    cohorts = read_cohorts(reader, tables["parameters"], correlations)
    is_unchecked = header["units"] is not None or any(draft.is_unchecked for draft in used.values())
    return Draft(header, tables, correlations, cohorts, document, bases, files, tuple(used), is_unchecked)


def _read_used(document: Document, faults: Faults, trail: tuple[Path, ...]) -> tuple[dict[str, Draft], list[str]]:
    """The models a file uses by alias, and the aliases of those that cannot be read."""
    used: dict[str, Draft] = {}
    quantities = 0
    table = document.data.get("uses", {})
    if not isinstance(table, dict):
        faults.add("must be a table of ALIAS = MODEL", document.where("uses"), "uses")
        return used, []
    for alias, name in table.items():
        if quantities > MAX_QUANTITIES:
            message = f"neither it nor what follows is read: the models before it have {quantities} rows in all, and "
            message += f"the limit is {MAX_QUANTITIES}"
            faults.add(message, document.where("uses", alias), f"uses.{alias}")
            break
        with faults.gather(document.where("uses", alias), f"uses.{alias}"):
            if not is_name(alias) or not isinstance(name, str):
                raise InputError("must be an identifier = the name of a model")
            if sum(len(draft.files) for draft in used.values()) >= MAX_FILES or len(trail) > MAX_LEVELS:
                raise InputError(f"more than {MAX_FILES} models in all, or {MAX_LEVELS} levels of them")
            path = model_path(name, document.file("uses", alias), trail, "uses")
            used[alias] = read_draft(path, faults, trail)
            quantities += sum(map(len, used[alias].tables.values()))
    return used, [alias for alias in table if alias not in used]


def _join(
    reader: TableReader, alias: str, renamed: dict[str, dict[str, Any]], tables: dict[str, dict[str, Any]]
) -> None:
    for kind, rows in renamed.items():
        for name, row in rows.items():
            if any(name in tables[other] for other in (_VALUES if kind in _VALUES else (kind,))):
                reader.add(f"'{name}' of '{alias}' collides with a name of this file or of another", "uses", alias)
            tables[kind].setdefault(name, row)


def _renamed(alias: str, draft: Draft) -> dict[str, dict[str, Any]]:
    """The tables of a used model under flat names; outputs become derived quantities, inputs wait to be bound."""
    names = {
        sp.Symbol(name, real=True): sp.Symbol(f"{alias}_{name}", real=True)
        for kind in _VALUES
        for name in draft.tables[kind]
    }

    def flat(row: Any) -> Any:
        if isinstance(row, Event):
            return row.prefixed(alias, names)
        changes: dict[str, Any] = {"name": f"{alias}_{row.name}", "latex": row.latex or latex_name(row.name)}
        if isinstance(row, Derived):
            changes |= {"value": row.value.xreplace(names)}
        elif isinstance(row, State):
            changes |= {"initial": row.initial.xreplace(names), "rate": row.rate.xreplace(names)}
        elif isinstance(row, Dose):
            changes = {"into": row.into and f"{alias}_{row.into}"}
            changes |= {key: value.xreplace(names) for key, value in row.expressions.items()}
        return replace(row, **changes)

    def derived(row: Output) -> Derived:
        shared = ("name", "value", "unit", "about", "latex", "exploratory", "where", "locations")
        return Derived(**{key: getattr(row, key) for key in shared})

    tables = draft.tables
    kinds: dict[str, Iterable[Any]] = {
        kind: tables[kind].values() for kind in ("parameters", "states", "doses", "events")
    }
    kinds["derived"] = (*tables["derived"].values(), *map(derived, tables["outputs"].values()))
    return {kind: {row.name: row for row in map(flat, rows)} for kind, rows in kinds.items()}


def _correlations(reader: TableReader, used: Mapping[str, Draft]) -> tuple[Correlation, ...]:
    """Those of the used models, under flat names, and of the file itself."""
    renamed = [
        replace(row, between=(f"{alias}_{row.between[0]}", f"{alias}_{row.between[1]}"))
        for alias, draft in used.items()
        for row in draft.correlations
    ]
    own = read_correlations(reader, ("correlations",), reader.document.data.get("correlations", []))
    return (*renamed, *own)


def _bind(reader: TableReader, used: Mapping[str, Draft], tables: dict[str, dict[str, Any]]) -> None:
    """Every input of every used model, bound once, becomes a derived quantity."""
    bindings = reader.rows("bindings")
    for alias, table in bindings.items():
        if alias in reader.names.lost:
            continue
        if not isinstance(table, dict):
            reader.add("must be ALIAS.INPUT = an expression, without quotes around the key", "bindings", alias)
            continue
        inputs = used[alias].tables["inputs"] if alias in used else {}
        for name, text in table.items():
            keys = ("bindings", alias, name)
            if name not in inputs:
                reader.add(f"no used model has an input '{alias}.{name}'", *keys)
            elif any(f"{alias}_{name}" in tables[kind] for kind in _VALUES):
                reader.add(f"'{alias}_{name}' collides with a name of this file or of another", *keys)
            else:
                tables["derived"][f"{alias}_{name}"] = _bound(reader, inputs[name], text, keys)
    for alias, draft in used.items():
        bound = bindings.get(alias, {})
        for name in draft.tables["inputs"]:
            if isinstance(bound, dict) and name not in bound:
                where, label = reader.document.where("uses", alias), f"bindings.{alias}.{name}"
                reader.faults.add(f"input '{alias}.{name}' is not bound; add it to [bindings]", where, label)


def _mark_exploratory(tables: dict[str, dict[str, Any]]) -> None:
    """An output that names the exploratory output of a part is exploratory, whether or not its row says so."""
    marked = {row.symbol for row in tables["derived"].values() if row.exploratory}
    tables["outputs"] = {
        name: replace(row, exploratory=True) if row.value.free_symbols & marked else row
        for name, row in tables["outputs"].items()
    }


def _bound(reader: TableReader, row: Input, text: Any, keys: tuple[str, str, str]) -> Derived:
    return Derived(
        name="_".join(keys[1:]),
        value=reader.expression(text, *keys),
        unit=row.unit,
        about=row.about,
        latex=row.latex or latex_name(row.name),
        where=reader.document.where(*keys),
        locations={"value": (reader.document.where(*keys), ".".join(keys))},
    )
