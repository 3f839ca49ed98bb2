"""Rates of change of species: of their amounts, and of what the file calls by their name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kinetics.interop.sbml.contents import Quantity, Reference
from kinetics.interop.sbml.formulas.math import Meaning
from kinetics.interop.sbml.formulas.terms import MAX_LENGTH, Term, negative, number, product, quotient, total

if TYPE_CHECKING:
    from kinetics.interop.sbml.translation import Translation


class SpeciesRates:
    """Sums over reactions, and rules, with what a change of size of the compartment adds."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._uses: dict[str, list[tuple[str, Reference]]] = {}
        for reaction in translation.contents.reactions.values():
            if reaction.law is not None:
                for reference in reaction.references:
                    self._uses.setdefault(reference.species, []).append((reaction.identifier, reference))

    def amount(self, row: Quantity, meaning: Meaning) -> Term:
        """The rate of the amount, substance per time."""
        translation = self._translation
        rule = translation.contents.rates.get(row.identifier)
        if rule is None:
            return Term("0") if row.boundary else self._total(row, self._of_reactions(row, meaning), meaning)
        value = translation.formula(rule, meaning, row.identifier)
        if row.only_substance:
            return value
        of_size = translation.rate(row.compartment, meaning)
        own = product(value, meaning.value(row.compartment))
        return own if of_size.text == "0" else total(own, product(meaning.value(row.identifier), of_size))

    def meant(self, row: Quantity, meaning: Meaning) -> Term:
        """The rate of what mathematics means by the species: of its amount, or of its concentration."""
        if row.identifier not in self._translation.states:
            return self._diluted(row, Term("0"), meaning)
        rule = self._translation.contents.rates.get(row.identifier)
        if rule is not None:
            return self._translation.formula(rule, meaning, row.identifier)
        amount = self.amount(row, meaning)
        return amount if row.only_substance else self._diluted(row, amount, meaning)

    def _diluted(self, row: Quantity, amount: Term, meaning: Meaning) -> Term:
        of_size = self._translation.rate(row.compartment, meaning) if not row.only_substance else Term("0")
        if of_size.text != "0":
            amount = total(amount, negative(product(meaning.value(row.identifier), of_size)))
        return amount if amount.text == "0" else quotient(amount, meaning.value(row.compartment))

    def _total(self, row: Quantity, terms: list[Term], meaning: Meaning) -> Term:
        """A sum of rates; of one that is longer than an expression may be, the parts are quantities of their own."""
        translation, parts, length = self._translation, [list[Term]()], 0
        for term in terms:
            length += len(term.text) + 3
            if length > MAX_LENGTH:
                parts, length = [*parts, []], len(term.text)
            parts[-1].append(term)
        if len(parts) == 1:
            return total(*terms)
        ending, unit = "initial_rate" if meaning is translation.starting else "rate", translation.units.amount(row)
        return total(
            *(
                translation.needed((f"{ending}_part_{number}", row.identifier), translation.units.per_time(unit), write)
                for number, write in enumerate((partial(total, *part) for part in parts), 1)
            )
        )

    def _of_reactions(self, row: Quantity, meaning: Meaning) -> list[Term]:
        terms = []
        for reaction, reference in self._uses.get(row.identifier, ()):
            count = meaning.value(reference.stoichiometry) if reference.stoichiometry else number(reference.value)
            factor = [meaning.value(row.conversion)] if row.conversion else []
            term = product(count, *factor, meaning.value(reaction))
            terms.append(term if reference.sign > 0 else negative(term))
        return terms
