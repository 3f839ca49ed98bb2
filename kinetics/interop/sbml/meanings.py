"""What identifiers mean where they stand: at any time, or at the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kinetics.errors import InputError
from kinetics.interop.sbml.formulas.terms import Term

if TYPE_CHECKING:
    from kinetics.interop.sbml.translation import Translation

ZERO = Term("0")


class Running:
    """What identifiers mean at any time: the names of their rows."""

    time = Term("time")

    def __init__(self, translation: Translation, local: Mapping[str, str]) -> None:
        self._translation, self._local = translation, local

    def value(self, identifier: str) -> Term:
        """What stands for an identifier; `InputError` if it is nothing of the file."""
        if identifier in self._local:
            return Term(self._local[identifier])
        return self._value(identifier)

    def rate(self, identifier: str) -> Term:
        """What stands for its rate of change; nothing changes a local parameter."""
        return ZERO if identifier in self._local else self._rate(identifier)

    def _value(self, identifier: str) -> Term:
        if identifier not in self._translation.names:
            raise InputError(f"uses '{identifier}', which is nothing of the file")
        reaction = self._translation.contents.reactions.get(identifier)
        if reaction is not None and reaction.law is None:
            raise InputError(f"uses reaction '{identifier}', which has no kinetic law, so it has no rate")
        return Term(self._translation.names[identifier])

    def _rate(self, identifier: str) -> Term:
        return self._translation.rate_row(identifier, self, "rate")


class Starting(Running):
    """What they mean at the start."""

    time = ZERO

    def _value(self, identifier: str) -> Term:
        super()._value(identifier)
        return self._translation.starts.value(identifier)

    def _rate(self, identifier: str) -> Term:
        return self._translation.rate_row(identifier, self, "initial_rate")
