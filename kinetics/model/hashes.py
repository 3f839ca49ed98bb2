"""SHA-256 hashes of a model. Results and compiled code are stored under them; a change here makes all of it stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kinetics.files.checksums import content_hash
from kinetics.model.events import Event
from kinetics.model.quantities import Quantity
from kinetics.units import unit_text

if TYPE_CHECKING:
    from kinetics.model.model import Model


def content(model: Model) -> str:
    """Of a model without its cohorts. What few models declare is left out where they do not: their hashes are older."""
    measured = {name: row.measurement for name, row in model.outputs.items() if row.measurement}
    tolerances = {name: row.tolerance for name, row in model.states.items() if row.tolerance is not None}
    return content_hash(
        model.structure_hash,
        model.defaults,
        [(p.name, p.spread, p.prior) for p in model.parameters.values()],
        *([measured] if measured else ()),
        *([["tolerances", tolerances]] if tolerances else ()),
        *_variation(model),
        *_dosing(model),
    )


def _variation(model: Model) -> list[Any]:
    """What is declared of variability beyond log-normal spreads; empty if nothing is."""
    rows = [
        ["distribution", p.name, p.distribution, p.shares, p.minimum, p.maximum]
        for p in model.parameters.values()
        if p.distribution not in (None, "log_normal")
    ]
    return rows + [["correlation", *row.pair, row.value] for row in model.correlations]


def _dosing(model: Model) -> list[Any]:
    """How drugs are given, where a model says so."""
    return [["dosing", dose.name, sorted(dose.expressions)] for dose in model.doses.values() if dose.expressions]


def structure(model: Model) -> str:
    """Of the equations, units and events alone."""
    events = [[row.name, row.persistent, row.initial, row.values_at, *_texts(row)] for row in model.events.values()]
    return content_hash(
        unit_text(model.time),
        [(n, _unit(p)) for n, p in model.parameters.items()],
        [(n, _unit(p)) for n, p in model.inputs.items()],
        [(n, str(d.value), _unit(d)) for n, d in model.definitions.items()],
        [(n, _unit(d), d.into) for n, d in model.doses.items()],
        [(n, str(s.initial), str(s.rate), _unit(s)) for n, s in model.states.items()],
        *([["events", *events]] if events else ()),
    )


def _texts(event: Event) -> list[str]:
    return [f"{key} = {value}" for key, value in event.expressions.items()]


def _unit(row: Quantity) -> str:
    return unit_text(row.unit)
