"""Quantities built in Python, made the same as those of a file: exact expressions over real symbols of known names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from numbers import Number, Real
from typing import Any

import sympy as sp

from kinetics.errors import Faults, InputError
from kinetics.expressions import as_written, is_name
from kinetics.expressions.unfolding import Unfolding
from kinetics.model.events import Event, comparisons, is_condition
from kinetics.model.events.event import EXECUTION, TRIGGER
from kinetics.model.quantities import DOSE_EXPRESSIONS, Dose
from kinetics.model.timing.clock import TIME
from kinetics.units import parse_unit


def adopted_tables(faults: Faults, events: Iterable[Event], **rows: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """The quantities by kind (such as ``parameters``) and name, and events, with all that is wrong in them noted."""
    tables = {kind: _adopted(quantities, kind, faults) for kind, quantities in rows.items()}
    tables["events"] = _adopted_events(events, faults)
    _check_names(tables, faults)
    return tables


def _adopted_events(events: Iterable[Event], faults: Faults) -> dict[str, Any]:
    adopted: dict[str, Any] = {}
    for event in events:
        event = replace(event, where=event.where or f"events.{event.name}")
        for key in ("persistent", "initial"):
            if not isinstance(getattr(event, key), bool):
                faults.add("must be True or False", *event.location(key))
        if event.values_at not in (TRIGGER, EXECUTION):
            faults.add(f"must be '{TRIGGER}' or '{EXECUTION}'", *event.location("values_at"))
        if event.name in adopted:
            faults.add("duplicate name", event.where, event.name)
        adopted[event.name] = event.with_expressions(partial(_adopted_expression, event, faults))
    return adopted


def _adopted_expression(event: Event, faults: Faults, key: str, value: Any) -> Any:
    with faults.gather(*event.location(key)):
        return _condition(value) if key == "trigger" else _exact(value)
    return sp.false if key == "trigger" else sp.S.Zero


def _condition(condition: Any) -> Any:
    """A condition over the model's own real symbols, its sides as `_exact` makes them."""
    if isinstance(condition, bool):
        return sp.true if condition else sp.false
    if not is_condition(condition):
        raise InputError(f"must be a comparison of sympy, or several joined, found {condition!r:.60}")
    unfolding = Unfolding()
    return condition.xreplace({row: unfolding.of(row.func(*map(_exact, row.args))) for row in comparisons(condition)})


def _adopted(rows: Iterable[Any], kind: str, faults: Faults) -> dict[str, Any]:
    """Rows built in Python: units read, expressions over the model's own real symbols."""
    adopted: dict[str, Any] = {}
    for row in rows:
        changes: dict[str, Any] = {"where": row.where or f"{kind}.{row.name}"}
        if isinstance(row.unit, str):
            changes["unit"] = None
            with faults.gather(changes["where"]):
                changes["unit"] = parse_unit(row.unit)
        expressions = row.expressions if isinstance(row, Dose) else {"value", "initial", "rate"} & vars(row).keys()
        for key in expressions:
            changes[key] = math.nan if kind == "parameters" else sp.S.Zero
            with faults.gather(changes["where"], row.name):
                value = getattr(row, key)
                changes[key] = _number(value) if kind == "parameters" else _exact(value)
        if row.name in adopted:
            faults.add("duplicate name", changes["where"], row.name)
        adopted[row.name] = replace(row, **changes)
    return adopted


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"must be a finite number, found {value!r:.60}")
    return float(value)


def _exact(expression: Any) -> Any:
    # SymPy would parse a text, and run what it says: it is given numbers and expressions alone
    is_exact = isinstance(expression, sp.Expr | Number) and not isinstance(expression, bool)
    exact = sp.nsimplify(expression, rational=True) if is_exact else None
    if not isinstance(exact, sp.Expr) or exact.has(sp.nan, sp.zoo, sp.oo, -sp.oo, sp.I):
        raise InputError(f"must be a finite real number or an expression of sympy, found {expression!r:.60}")
    real = {symbol: sp.Symbol(str(symbol), real=True) for symbol in exact.free_symbols}
    return as_written(exact.xreplace(real))


def _check_names(tables: Mapping[str, Mapping[str, Any]], faults: Faults) -> None:
    kinds: dict[str, str] = {}
    for kind, rows in tables.items():
        for name, row in rows.items():
            if not is_name(name):
                faults.add("reserved or no identifier", row.where, name)
            if kind not in ("doses", "events") and kinds.setdefault(name, kind) != kind:
                faults.add(f"duplicate name: also among {kinds[name]}", row.where, name)
    for rows in tables.values():
        for row in rows.values():
            expressions = {key: getattr(row, key, None) for key in ("value", "initial", *DOSE_EXPRESSIONS)}
            if isinstance(row, Event):
                expressions = row.expressions
            for key, expression in expressions.items():
                for name in sorted(map(str, getattr(expression, "free_symbols", ()))):
                    if name not in kinds and name != TIME.name:
                        faults.add(f"unknown name '{name}'", row.where, f"{row.name}.{key}")
