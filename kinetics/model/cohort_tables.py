"""The cohorts of a model file: values, how they vary, and correlations, against the parameters of the flat model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from kinetics.expressions import is_name
from kinetics.files.bibliography import CHOICE
from kinetics.files.rows import as_table, dotted_name, dotted_rows
from kinetics.model.correlations import by_pair, check_correlations, read_correlations
from kinetics.model.quantities import Cohort, CohortValue, Correlation, Parameter
from kinetics.model.ranges import out_of_range
from kinetics.model.reading import TableReader, without_incomplete
from kinetics.model.schema import CohortRow, CohortValueRow
from kinetics.model.variation import OWN_KEYS, in_cohort, variation_faults
from kinetics.text.suggestions import did_you_mean
from kinetics.units import conversion

MAX_LEVELS = 50
"""Cohorts that extend each other in a row."""


class _Known(NamedTuple):
    """What a cohort starts from: parameters and correlations of the model or of the cohort it extends."""

    parameters: Mapping[str, Parameter]
    correlations: tuple[Correlation, ...]


def read_cohorts(
    reader: TableReader, parameters: Mapping[str, Parameter], correlations: Iterable[Correlation]
) -> dict[str, Cohort]:
    """The cohorts of a file, in its order, against the parameters and correlations of the flat model."""
    tables = reader.rows("cohorts")
    rows = {name: _header(reader, name, data, tables) for name, data in tables.items()}
    _check_extends({name: row["extends"] for name, row in rows.items()}, reader)
    model = _Known(parameters, tuple(correlations))
    known: dict[str, _Known] = {}
    cohorts: dict[str, Cohort] = {}
    for name in rows:
        for each in reversed(_upwards(name, rows, known)):
            base = known.get(rows[each]["extends"], model)
            cohorts[each], known[each] = _cohort(reader, each, rows[each], base, model)
    return {name: cohorts[name] for name in rows}


def _header(reader: TableReader, name: str, data: Any, tables: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("cohorts", name)
    fields = reader.fields(CohortRow, data, *keys)
    if not is_name(name):
        reader.add("a cohort's name must be an identifier", *keys)
    if fields["extends"] is not None and fields["extends"] not in tables:
        reader.add(f"extends unknown cohort '{fields['extends']}'", *keys, "extends")
    fits = fields["from_fit"] or ()
    texts = {key: fields[key] or "" for key in ("about", "label")}
    return fields | texts | {"from_fit": (fits,) if isinstance(fits, str) else tuple(fits)}


def _upwards(name: str, rows: Mapping[str, dict[str, Any]], known: Mapping[str, Any]) -> list[str]:
    """A cohort and those it extends that are not known yet; a circle, which is a fault, ends where it closes."""
    trail: list[str] = []
    at: str | None = name
    while at in rows and at not in known and at not in trail:
        trail.append(str(at))
        at = rows[str(at)]["extends"]
    return trail


def _cohort(
    reader: TableReader, name: str, fields: dict[str, Any], base: _Known, model: _Known
) -> tuple[Cohort, _Known]:
    keys = ("cohorts", name)
    parameters, values = dict(base.parameters), {}
    header = {key: fields[key] for key in ("about", "label", "extends", "from_fit")}
    for path, row in dotted_rows(fields["parameters"] or {}, base.parameters, CohortValueRow.model_fields):
        flat, location = "_".join(path), (*keys, "parameters", *path)
        value = _cohort_value(reader, location, path, row, base.parameters)
        if value is not None:
            values[flat], parameters[flat] = value, in_cohort(base.parameters[flat], value)
            _check(reader, location, model.parameters[flat], parameters[flat])
    own = read_correlations(reader, (*keys, "correlations"), fields["correlations"] or [])
    check_correlations(own, base.correlations, parameters, reader.faults, f"cohorts.{name}.correlations")
    locations = {"where": reader.document.where(*keys), "fits_where": reader.document.where(*keys, "from_fit")}
    file = reader.document.file(*keys, "from_fit")
    cohort = Cohort(name=name, values=values, correlations=own, fits_file=file, **locations, **header)
    return cohort, _Known(parameters, tuple(by_pair(base.correlations, own).values()))


def _cohort_value(
    reader: TableReader, keys: tuple[str, ...], path: tuple[str, ...], row: Any, parameters: Mapping[str, Parameter]
) -> CohortValue | None:
    flat = "_".join(path)
    fields = without_incomplete(reader.fields(CohortValueRow, row, *keys), row)
    value, unit, source = (fields[key] for key in ("value", "unit", "source"))
    own = reader.unit(unit, *keys) if unit else None
    if source:
        reader.source(source, *keys)
    parameter = parameters.get(flat)
    if parameter is None:
        if path[0] not in reader.names.lost:
            known = (dotted_name(name, as_table(reader.document.data.get("uses"))) for name in parameters)
            reader.add(f"unknown parameter '{'.'.join(path)}'{did_you_mean('.'.join(path), known)}", *keys)
        return None
    factor = math.nan
    if own is not None and parameter.unit is not None:
        with reader.at(*keys):
            factor = float(conversion(own, parameter.unit))
    own_keys = {key: fields[key] for key in OWN_KEYS}
    entry = CohortValue(math.nan if value is None else value * factor, source or CHOICE, **own_keys)
    if entry.spread is not None and in_cohort(parameter, entry).distribution == "normal":
        entry = replace(entry, spread=entry.spread * factor)  # in the unit of the row, as the value is
    return entry


def _check(reader: TableReader, keys: tuple[str, ...], declared: Parameter, parameter: Parameter) -> None:
    """A cohort's value is in the range of the model's parameter, and of its own way of varying, which makes sense."""
    if math.isnan(declared.spread or 0.0) or any(variation_faults(declared)):
        return  # a fault of the model, which has been reported
    wrong = list(variation_faults(parameter))
    if declared.shares is not None and (parameter.shares is None or len(parameter.shares) != len(declared.shares)):
        wrong.append(("shares", f"the model has {len(declared.shares)} categories, and a cohort cannot change that"))
    for key, message in wrong:
        reader.add(message, *keys, key)
    for row in (declared,) if wrong else (declared, parameter):
        for message in out_of_range(row, parameter.value):
            reader.add(message, *keys, "value")


def _check_extends(extends: Mapping[str, str | None], reader: TableReader) -> None:
    reported: set[str] = set()
    for first in extends:
        trail, name = [first], extends[first]
        while name in extends and name not in trail and len(trail) <= MAX_LEVELS:
            trail.append(str(name))
            name = extends[str(name)]
        if len(trail) > MAX_LEVELS:
            message = f"more than {MAX_LEVELS} levels of cohorts, each of which extends the next"
            reader.add(message, "cohorts", first, "extends")
            return
        if name == first and first not in reported:
            reader.add(f"extends itself: {' -> '.join((*trail, first))}", "cohorts", first, "extends")
            reported.update(trail)
