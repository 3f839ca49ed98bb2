"""The tables ``[events.NAME]`` of a model file to events that are not yet checked against the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from kinetics.expressions import is_name, parse_condition
from kinetics.model.events.event import Event
from kinetics.model.schema import EventRow

if TYPE_CHECKING:
    from kinetics.model.reading import TableReader

KIND = "events"
_EXPRESSIONS = ("delay", "priority")


def read_events(reader: TableReader) -> dict[str, Event]:
    """The events of a file by name; what is wrong in one is noted, and blank."""
    return {name: _read(reader, name, table) for name, table in reader.rows(KIND).items()}


def _read(reader: TableReader, name: str, table: Any) -> Event:
    if not is_name(name):
        reader.add(f"'{name[:70]}' is reserved or no identifier; rename it", KIND, name)
    fields = reader.fields(EventRow, table, KIND, name)
    for key in _EXPRESSIONS:
        if fields[key] is not None:
            fields[key] = reader.expression(fields[key], KIND, name, key)
    fields["trigger"] = _condition(reader, fields["trigger"], KIND, name, "trigger")
    locations = {key: _location(reader, KIND, name, key) for key in ("trigger", *_EXPRESSIONS)}
    assignments: dict[str, Any] = {}
    for keys, text in _assigned(fields["assignments"] or {}):
        path, written = (KIND, name, "assignments", *keys), ".".join(keys)
        state = reader.names[written].name if written in reader.names else written.replace(".", "_")
        if not isinstance(text, str):
            reader.add("must be an expression in quotes", *path)
        elif state in assignments:
            reader.add(f"'{state}' is set twice", *path)
        else:
            assignments[state] = reader.expression(text, *path)
            locations[f"assignments.{state}"] = _location(reader, *path)
    filled = {key: value for key, value in fields.items() if value is not None}
    where = reader.document.where(KIND, name)
    return Event(name=name, where=where, locations=locations, **filled | {"assignments": assignments})


def _condition(reader: TableReader, text: str | None, *keys: str) -> Any:
    """A condition, or false and a fault."""
    if text is not None:
        with reader.at(*keys):
            return parse_condition(text, reader.names)
    return sp.false


def _assigned(table: dict[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    """Names as files write them, ``pk.A`` as two keys, with what is assigned."""
    rows: list[tuple[tuple[str, ...], Any]] = []
    for key, value in table.items():
        rows += (
            [((key, inner), text) for inner, text in value.items()] if isinstance(value, dict) else [((key,), value)]
        )
    return rows


def _location(reader: TableReader, *keys: str) -> tuple[str, str]:
    return reader.document.where(*keys), ".".join(keys)
