"""What the records of a file must agree in: everything has a value, and whatever refers to something finds it.

libsbml has such checks too; their time grows with the fourth power of the number of rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from kinetics.errors import Faults
from kinetics.interop.sbml.contents import Contents, Quantity

_Found = Iterator[tuple[str, int, str]]


def check_contents(contents: Contents, path: Path, faults: Faults) -> None:
    """Refuse a file with faults; `InputError` with those that are known, each other one, and its line."""
    for check in (_values, _species, _changes, _reactions):
        for message, line, name in check(contents):
            faults.add(message, f"{path}:{max(line, 1)}", name)
    faults.raise_if_any()


def _values(contents: Contents) -> _Found:
    """Whatever nothing assigns has a value; a compartment without a size counts as 1."""
    for row in contents.quantities.values():
        is_assigned = row.identifier in contents.assigned or row.identifier in contents.initial
        if row.value is None and row.kind != "compartment" and not is_assigned:
            yield "has no value, and nothing assigns one", row.line, row.identifier
        if row.value is not None and not math.isfinite(row.value):
            yield f"its value is {row.value}", row.line, row.identifier
    for reaction in contents.reactions.values():
        for row in reaction.local.values():
            if row.value is None or not math.isfinite(row.value):
                yield "has no value that is a number", row.line, f"{reaction.identifier}.{row.identifier}"


def _species(contents: Contents) -> _Found:
    for row in contents.quantities.values():
        if row.kind == "species" and not _is(contents, row.compartment, "compartment"):
            yield f"is in '{row.compartment}', which is no compartment of the file", row.line, row.identifier
        elif row.kind == "species" and not row.only_substance and _is_nothing(contents, row.compartment):
            yield f"is in '{row.compartment}' of size 0, so it has no concentration", row.line, row.identifier
        if row.conversion and not _is(contents, row.conversion, "parameter"):
            yield f"has the conversion factor '{row.conversion}', which is no parameter", row.line, row.identifier
        elif row.conversion and not contents.quantities[row.conversion].constant:
            yield f"has the conversion factor '{row.conversion}', which is not constant", row.line, row.identifier


def _changes(contents: Contents) -> _Found:
    """Rules, initial assignments and events change what there is and what may change."""
    kinds = {"an assignment rule": contents.assigned, "a rate rule": contents.rates}
    kinds |= {f"event {event.identifier}": event.assignments for event in contents.events}
    for kind, formulas in kinds.items():
        for identifier, formula in formulas.items():
            if (row := contents.quantities.get(identifier)) is None:
                yield f"{kind} sets '{identifier}', which is no quantity of the file", formula.line, identifier
            elif row.constant:
                yield f"{kind} sets it, and it is constant", formula.line, identifier
            elif formulas is not contents.assigned and identifier in contents.assigned:
                yield f"{kind} sets it, and an assignment rule too", formula.line, identifier
    for identifier, formula in contents.initial.items():
        if identifier not in contents.quantities:
            yield f"an initial assignment sets '{identifier}', which is no quantity", formula.line, identifier
        elif identifier in contents.assigned:
            yield "an initial assignment sets it, and an assignment rule too", formula.line, identifier


def _reactions(contents: Contents) -> _Found:
    for reaction in contents.reactions.values():
        for reference in reaction.references:
            row = contents.quantities.get(reference.species)
            if row is None or row.kind != "species":
                message = f"its '{reference.species}' is no species of the file"
                yield message, reference.line, reaction.identifier
            elif row.constant and not row.boundary:
                message = f"changes '{row.identifier}', which is constant; make it a boundary condition"
                yield message, reference.line, reaction.identifier
            elif not row.boundary and (row.identifier in contents.assigned or row.identifier in contents.rates):
                message = f"changes '{row.identifier}', and so does a rule; make it a boundary condition"
                yield message, reference.line, reaction.identifier
            if not reference.stoichiometry and not math.isfinite(reference.value):
                yield f"has no stoichiometry of '{reference.species}'", reference.line, reaction.identifier


def _is(contents: Contents, identifier: str, kind: str) -> bool:
    row: Quantity | None = contents.quantities.get(identifier)
    return row is not None and row.kind == kind


def _is_nothing(contents: Contents, compartment: str) -> bool:
    """Whether the size of a compartment is always 0."""
    row = contents.quantities[compartment]
    return row.value == 0 and row.constant and compartment not in contents.initial
