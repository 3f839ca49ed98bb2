"""What the names of a problem stand for in the model that was read from SBML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinetics.model import Model


@dataclass(frozen=True)
class Entity:
    """What an id of the SBML file is in the model.

    Parameters
    ----------
    value : sympy expression
        Its value: of a species its amount or concentration, as the file uses it.
    target : str
        The state or parameter that holds it, and that a condition changes; empty if it follows from others.
    size : sympy expression, optional
        Of a species whose value is a concentration and whose state is an amount: the size of its compartment.
    compartment : str
        The id of that compartment.
    """

    value: Any
    target: str = ""
    size: Any = None
    compartment: str = ""


@dataclass(frozen=True)
class ImportedModel:
    """A model that was read from SBML, without units, and its entities by the ids of the file."""

    model: Model
    entities: Mapping[str, Entity]
