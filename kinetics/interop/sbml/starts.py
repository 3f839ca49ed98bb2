"""Values at the start, by substitution: initial assignments and rules in whatever order the file has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kinetics.interop.sbml.contents import Quantity
from kinetics.interop.sbml.terms import Term, product, quotient

if TYPE_CHECKING:
    from kinetics.interop.sbml.translation import Translation


class Starts:
    """Texts of constants alone: parameters for the values of the file, derived quantities for all else that is needed."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation

    def value(self, identifier: str) -> Term:
        """What stands for the value of a quantity or reaction: a parameter, or a derived quantity."""
        translation, contents = self._translation, self._translation.contents
        if identifier in contents.reactions:
            law = contents.reactions[identifier]
            return self._row(identifier, translation.units.of_rate, lambda: translation.law(law, translation.starting))
        row = contents.quantities[identifier]
        unit = translation.units.of(row)
        if (rule := contents.assigned.get(identifier)) is not None:
            return self._row(identifier, unit, lambda: translation.formula(rule, translation.starting, identifier))
        is_meant = row.kind != "species" or row.is_concentration != row.only_substance
        if not translation.varies(row):
            return Term(translation.names[identifier])
        if is_meant and identifier not in contents.initial:
            return self.meant(row)
        return self._row(identifier, unit, lambda: self.meant(row))

    def meant(self, row: Quantity) -> Term:
        """The value as mathematics means it; a size that the file does not give is 1."""
        if (formula := self._translation.contents.initial.get(row.identifier)) is not None:
            return self._translation.formula(formula, self._translation.starting, row.identifier)
        value = self._given(row)
        if row.kind != "species" or row.is_concentration != row.only_substance:
            return value
        size = self.value(row.compartment)
        return product(value, size) if row.only_substance else quotient(value, size)

    def amount(self, row: Quantity) -> Term:
        """The amount of a species."""
        if row.identifier not in self._translation.contents.initial and not row.is_concentration:
            return self._given(row)
        if row.only_substance:
            return self.value(row.identifier)
        return product(self.value(row.identifier), self.value(row.compartment))

    def _given(self, row: Quantity) -> Term:
        """The value that the file gives, as a parameter."""
        is_meant = row.kind != "species" or row.is_concentration != row.only_substance
        ending = "initial" if is_meant else "initial_concentration" if row.is_concentration else "initial_amount"
        translation, key = self._translation, (ending, row.identifier)
        if key not in translation.tables.needed:
            name = translation.names.new(f"{translation.names[row.identifier]}_{ending}")
            translation.tables.needed[key] = name
            value, about = 1.0 if row.value is None else row.value, f"{row.about or row.identifier} at the start"
            translation.tables.parameter(name, value, translation.units.given(row), about, row.line)
        return Term(translation.tables.needed[key])

    def _row(self, identifier: str, unit: str, write: Callable[[], Term]) -> Term:
        return self._translation.needed(("initial", identifier), unit, write)
