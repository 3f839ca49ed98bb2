"""What the ids of an SBML file are in the model that was read from it: values for formulas, targets for conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from kinetics.interop.sbml import ImportedModel


@dataclass(frozen=True)
class Entity:
    """What an id of the SBML file is in the model.

    Parameters
    ----------
    value : sympy expression
        Its value: of a species its amount or concentration, as the file uses it.
    target : str
        The state, parameter or constant that holds it, and that a condition changes; empty if it follows from others.
    size : sympy.Symbol, optional
        Of a species whose value is a concentration and whose state is an amount: the size of its compartment.
    compartment : str
        The id of that compartment.
    """

    value: Any
    target: str = ""
    size: Any = None
    compartment: str = ""


def entities_of(imported: ImportedModel) -> Mapping[str, Entity]:
    """The entities of a model, by the ids of the file."""
    model, identifiers = imported.model, {name: identifier for identifier, name in imported.names.items()}
    entities: dict[str, Entity] = {}
    for identifier, name in imported.names.items():
        symbol = sp.Symbol(name, real=True)
        if identifier in imported.states:
            state = imported.states[identifier]
            # the output of a species whose state is an amount is this amount over the size of its compartment
            size: Any = sp.Symbol(state, real=True) / model.outputs[name].value
            compartment = identifiers[size.name] if isinstance(size, sp.Symbol) else ""
            entities[identifier] = Entity(symbol, state, size if compartment else None, compartment)
        elif name in model.parameters or name in model.constants:
            entities[identifier] = Entity(symbol, name)
        elif name in model.definitions:
            entities[identifier] = Entity(symbol)
    return entities
