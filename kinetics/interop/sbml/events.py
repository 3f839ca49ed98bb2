"""Events of SBML as events of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kinetics.interop.sbml.contents import Event
from kinetics.interop.sbml.terms import Term, product

if TYPE_CHECKING:
    from kinetics.interop.sbml.translation import Translation


def write_event(translation: Translation, row: Event) -> None:
    """Add an event, which sets amounts of species whose concentrations the file assigns."""
    fields: dict[str, Any] = {"trigger": translation.condition(row.trigger, row.identifier).text}
    for key, formula in (("delay", row.delay), ("priority", row.priority)):
        if formula is not None:
            fields[key] = translation.formula(formula, translation.running, row.identifier).text
    fields |= {} if row.persistent else {"persistent": False}
    fields |= {} if row.initial else {"initial": False}
    fields |= {} if row.at_trigger else {"values_at": "execution"}
    values = {
        name: translation.formula(formula, translation.running, row.identifier)
        for name, formula in row.assignments.items()
    }
    states = {name: translation.states[name] for name in values}
    fields["assignments"] = {state: _state_value(translation, name, values).text for name, state in states.items()}
    lines = {("assignments", state): row.assignments[name].line for name, state in states.items()}
    translation.tables.event(translation.names[row.identifier], fields, row.about, row.line, lines)


def _state_value(translation: Translation, identifier: str, values: Mapping[str, Term]) -> Term:
    """What the state of a quantity is set to; the size of a compartment that the event sets too is the new one."""
    row = translation.contents.quantities[identifier]
    if row.kind != "species" or row.only_substance or translation.is_by_concentration(row):
        return values[identifier]
    size = values.get(row.compartment) or Term(translation.names[row.compartment])
    return product(values[identifier], size)
