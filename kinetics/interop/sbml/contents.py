"""What an SBML model consists of, as plain records: everything that changes a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from kinetics.interop.sbml.math import Formula


@dataclass(frozen=True)
class Quantity:
    """A compartment, species, parameter or stoichiometry.

    Parameters
    ----------
    identifier, kind, line, about : str and int
        What it is called; ``compartment``, ``species``, ``parameter`` or ``stoichiometry``; where it is; its name.
    value : float or None
        The size, value, stoichiometry, or initial amount or concentration that the file gives.
    unit : str
        The unit that the file gives, by identifier; empty if it gives none.
    compartment, is_concentration, only_substance, boundary, conversion : str and bool
        Of a species: where it is; whether ``value`` is a concentration; whether mathematics means its amount; whether
        reactions leave it as it is; its conversion factor.
    constant : bool
        Whether nothing may change it.
    dimensions : float
        Of a compartment.
    """

    identifier: str
    kind: str
    line: int
    about: str = ""
    value: float | None = None
    unit: str = ""
    compartment: str = ""
    is_concentration: bool = False
    only_substance: bool = False
    boundary: bool = False
    constant: bool = False
    conversion: str = ""
    dimensions: float = 3


@dataclass(frozen=True)
class Reference:
    """How often a reaction makes a species, or takes it if ``sign`` is -1; by ``stoichiometry`` if that has a name."""

    species: str
    sign: int
    value: float
    stoichiometry: str
    line: int


@dataclass(frozen=True)
class Reaction:
    """A reaction: its law, the values of its local parameters, and what it makes and takes."""

    identifier: str
    line: int
    about: str
    law: Formula | None
    local: dict[str, Quantity]
    references: list[Reference]


@dataclass(frozen=True)
class Event:
    """An event with a trigger that has mathematics."""

    identifier: str
    line: int
    about: str
    trigger: Formula
    delay: Formula | None
    priority: Formula | None
    persistent: bool
    initial: bool
    at_trigger: bool
    assignments: dict[str, Formula]


@dataclass(frozen=True)
class Defaults:
    """Units, by identifier, of what says none itself; empty where the file does not say."""

    time: str = ""
    substance: str = ""
    extent: str = ""
    volume: str = ""
    area: str = ""
    length: str = ""


@dataclass(frozen=True)
class Contents:
    """A whole model.

    ``left_out`` says what of the file has no effect, each with its line.
    """

    title: str
    quantities: dict[str, Quantity]
    reactions: dict[str, Reaction]
    events: list[Event]
    assigned: dict[str, Formula]
    rates: dict[str, Formula]
    initial: dict[str, Formula]
    functions: dict[str, tuple[list[str], Formula | None]]
    units: dict[str, list[tuple[str, float, int, float]]]
    defaults: Defaults
    left_out: list[tuple[str, int]] = field(default_factory=list)

    @cached_property
    def changing(self) -> frozenset[str]:
        """The quantities that integration or an event changes: those that are states."""
        assigned = (identifier for event in self.events for identifier in event.assignments)
        laws = (reaction for reaction in self.reactions.values() if reaction.law is not None)
        species = (reference.species for reaction in laws for reference in reaction.references)
        moved = (identifier for identifier in species if not self.quantities[identifier].boundary)
        return frozenset((*self.rates, *assigned, *moved)) - self.assigned.keys()
