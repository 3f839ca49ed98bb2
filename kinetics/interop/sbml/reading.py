"""libsbml's model to records; what has no mathematics is left out, as level 3 version 2 asks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kinetics.interop.sbml.checking import check_contents
from kinetics.interop.sbml.contents import Contents, Defaults, Event, Quantity, Reaction, Reference
from kinetics.interop.sbml.formulas.math import Formula
from kinetics.interop.sbml.parsing import Parsed
from kinetics.text.escaping import forbidden_character, one_space


def read_contents(parsed: Parsed) -> Contents:
    """What a file says.

    Raises
    ------
    InputError
        With each thing that lacks a value that nothing else gives.
    """
    return _Reader(parsed).contents()


class _Reader:
    def __init__(self, parsed: Parsed) -> None:
        self.parsed, self.model = parsed, parsed.model
        self.left_out = list(parsed.left_out)

    def contents(self) -> Contents:
        model = self.model
        quantities = {row.identifier: row for row in (*self.compartments(), *self.species(), *self.parameters())}
        quantities |= {row.identifier: row for row in self.stoichiometries()}
        assigned, rates = self.rules("assignment"), self.rules("rate")
        self.left_out += [
            ("a constraint, which checks and changes nothing", row.getLine()) for row in model.getListOfConstraints()
        ]
        contents = Contents(
            title=_text(model.getName() or model.getId()) or self.parsed.path.stem,
            quantities=quantities,
            reactions={row.getId(): self.reaction(row) for row in model.getListOfReactions()},
            events=list(self.events()),
            assigned=assigned,
            rates=rates,
            initial=self.initial(),
            functions={row.getId(): _function(row) for row in model.getListOfFunctionDefinitions()},
            units={row.getId(): list(_factors(row)) for row in model.getListOfUnitDefinitions()},
            defaults=Defaults(
                model.getTimeUnits(), model.getSubstanceUnits(), model.getExtentUnits(), model.getVolumeUnits(),
                model.getAreaUnits(), model.getLengthUnits(),
            ),
            left_out=self.left_out,
        )  # fmt: skip
        check_contents(contents, self.parsed.path, self.parsed.faults)
        return contents

    def formula(self, owner: Any, name: str) -> Formula | None:
        """The mathematics of an element, None if it has none, which has then been noted."""
        if owner is None:
            return None
        if owner.isSetMath() and owner.getMath() is not None:
            return Formula(owner.getMath(), owner.getLine())
        self.left_out.append((f"{name}, which has no mathematics", owner.getLine()))
        return None

    def compartments(self) -> Iterator[Quantity]:
        for row in self.model.getListOfCompartments():
            dimensions = row.getSpatialDimensionsAsDouble() if row.isSetSpatialDimensions() else 3
            size = row.getSize() if row.isSetSize() and not math.isnan(row.getSize()) else None
            identifier = row.getId()
            is_given = size is not None or self.model.getInitialAssignmentBySymbol(identifier) is not None
            if not is_given and dimensions and row.getConstant():
                message = f"the size of compartment {identifier}, which is not given: it counts as 1"
                self.left_out.append((message, row.getLine()))
            yield Quantity(
                identifier, "compartment", row.getLine(), _text(row.getName()), size, row.getUnits(),
                constant=row.getConstant(), dimensions=dimensions,
            )  # fmt: skip

    def species(self) -> Iterator[Quantity]:
        default = self.model.getConversionFactor()
        for row in self.model.getListOfSpecies():
            is_concentration = row.isSetInitialConcentration()
            value = row.getInitialConcentration() if is_concentration else row.getInitialAmount()
            if is_concentration and row.isSetInitialAmount():
                message = "has an initial amount and an initial concentration; leave one out"
                self.parsed.faults.add(message, self.parsed.where(row.getLine()), row.getId())
            is_set = (is_concentration or row.isSetInitialAmount()) and not math.isnan(value)
            yield Quantity(
                row.getId(), "species", row.getLine(), _text(row.getName()), value if is_set else None,
                row.getSubstanceUnits(), row.getCompartment(), is_concentration, row.getHasOnlySubstanceUnits(),
                row.getBoundaryCondition(), row.getConstant(),
                row.getConversionFactor() or default,
            )  # fmt: skip

    def parameters(self) -> Iterator[Quantity]:
        for row in self.model.getListOfParameters():
            yield _parameter(row)

    def stoichiometries(self) -> Iterator[Quantity]:
        for reaction in self.model.getListOfReactions():
            for row in (*reaction.getListOfReactants(), *reaction.getListOfProducts()):
                if row.getId():
                    value = row.getStoichiometry() if row.isSetStoichiometry() else None
                    yield Quantity(
                        row.getId(), "stoichiometry", row.getLine(), _text(row.getName()), value,
                        constant=row.getConstant(),
                    )  # fmt: skip

    def rules(self, kind: str) -> dict[str, Formula]:
        rules = {}
        for row in self.model.getListOfRules():
            if row.isAssignment() if kind == "assignment" else row.isRate():
                formula = self.formula(row, f"the {kind} rule of {row.getVariable()}")
                if formula is not None:
                    rules[row.getVariable()] = formula
        return rules

    def initial(self) -> dict[str, Formula]:
        formulas: dict[str, Formula] = {}
        for row in self.model.getListOfInitialAssignments():
            symbol = row.getSymbol()
            if symbol in formulas:
                where = self.parsed.where(row.getLine())
                message = f"a second initial assignment; the first is at line {formulas[symbol].line}"
                self.parsed.faults.add(message, where, symbol)
            if formula := self.formula(row, f"the initial assignment of {symbol}"):
                formulas[symbol] = formula
        return formulas

    def reaction(self, row: Any) -> Reaction:
        law = row.getKineticLaw() if row.isSetKineticLaw() else None
        formula = self.formula(law, f"the kinetic law of {row.getId()}")
        local = (
            []
            if law is None
            else [_parameter(one) for one in (*law.getListOfParameters(), *law.getListOfLocalParameters())]
        )
        references = [
            self.reference(reference, sign)
            for sign, list_of in ((-1, row.getListOfReactants()), (1, row.getListOfProducts()))
            for reference in list_of
        ]
        if law is None:
            self.left_out.append((f"reaction {row.getId()}, which has no kinetic law", row.getLine()))
        named = {one.identifier: one for one in local}
        return Reaction(row.getId(), row.getLine(), _text(row.getName()), formula, named, references)

    def reference(self, row: Any, sign: int) -> Reference:
        value = row.getStoichiometry() if row.isSetStoichiometry() else math.nan
        return Reference(row.getSpecies(), sign, value, row.getId(), row.getLine())

    def events(self) -> Iterator[Event]:
        for number, row in enumerate(self.model.getListOfEvents(), 1):
            identifier = row.getId() or f"event{number}"
            trigger = self.formula(row.getTrigger(), f"event {identifier}, whose trigger")
            assignments = {
                one.getVariable(): formula
                for one in row.getListOfEventAssignments()
                if (formula := self.formula(one, f"what event {identifier} assigns to {one.getVariable()}"))
            }
            if trigger is None or not assignments:
                continue
            yield Event(
                identifier, row.getLine(), _text(row.getName()), trigger,
                self.formula(row.getDelay(), f"the delay of event {identifier}"),
                self.formula(row.getPriority(), f"the priority of event {identifier}"),
                row.getTrigger().getPersistent(), row.getTrigger().getInitialValue(),
                row.getUseValuesFromTriggerTime(), assignments,
            )  # fmt: skip


def _parameter(row: Any) -> Quantity:
    value = row.getValue() if row.isSetValue() and not math.isnan(row.getValue()) else None
    about, constant = _text(row.getName()), row.getConstant()
    return Quantity(row.getId(), "parameter", row.getLine(), about, value, row.getUnits(), constant=constant)


def _function(row: Any) -> tuple[list[str], Formula | None]:
    names = [row.getArgument(index).getName() for index in range(row.getNumArguments())]
    body = row.getBody() if row.isSetMath() else None
    return names, None if body is None else Formula(body, row.getLine())


def _factors(row: Any) -> Iterator[tuple[str, float, int, float]]:
    """The kind, exponent, scale and multiplier of each unit of a product."""
    import libsbml

    for unit in row.getListOfUnits():
        kind = libsbml.UnitKind_toString(unit.getKind())
        yield kind, unit.getExponentAsDouble(), unit.getScale(), unit.getMultiplier()


def _text(text: str) -> str:
    """A name of the file as one line, without characters that act on a display."""
    line = one_space(text)
    return "".join(one for one in line if not forbidden_character(one))[:100]
