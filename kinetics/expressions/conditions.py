"""The grammar of conditions: comparisons of sums, joined by words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import sympy as sp

from kinetics.expressions import limits
from kinetics.expressions.cursor import Cursor
from kinetics.expressions.reserved import WORDS
from kinetics.expressions.unfolding import Unfolding

COMPARISONS: dict[str, Callable[..., Any]] = {
    "<": sp.StrictLessThan,
    "<=": sp.LessThan,
    ">": sp.StrictGreaterThan,
    ">=": sp.GreaterThan,
    "==": sp.Equality,
    "!=": sp.Unequality,
}
TRUTHS = {"true": sp.true, "false": sp.false}
JOINED: dict[str, Callable[..., Any]] = {"or": sp.Or, "xor": sp.Xor, "and": sp.And}
"""By word, that which binds least first."""


class Conditions(Cursor):
    """Precedence climbing: or < xor < and < not < comparison."""

    comparisons = 0
    unfolding: Unfolding

    @abstractmethod
    def sum(self) -> Any:
        """Read the arithmetic on a side of a comparison."""

    def condition(self, words: tuple[str, ...] = tuple(JOINED)) -> Any:
        """Read conditions that are joined by ``words``."""
        if not words:
            return self.negation()
        word, *tighter = words
        parts = [self.condition(tuple(tighter))]
        while self.accept(word):
            parts.append(self.condition(tuple(tighter)))
        return JOINED[word](*parts) if len(parts) > 1 else parts[0]

    def negation(self) -> Any:
        """Read what may stand behind any number of ``not``."""
        is_negated = False
        while self.accept("not"):
            is_negated = not is_negated
        value = self.truth()
        return sp.Not(value) if is_negated else value

    def truth(self) -> Any:
        """Read a comparison, a condition in brackets, or ``true`` or ``false``."""
        if word := self.accept(*TRUTHS):
            return TRUTHS[word]
        if self.is_condition_in_brackets():
            self.expect("(")
            with self.deeper():
                value = self.condition()
            self.expect(")")
            return value
        return self.comparison()

    def is_condition_in_brackets(self) -> bool:
        """Whether a bracket opens here and behind it neither arithmetic nor a comparison goes on."""
        if self.token.text != "(" or self.position not in self.closing:
            return False
        behind = self.tokens[self.closing[self.position] + 1]
        return behind.text in (",", ")", *WORDS) or behind.kind == "end"

    def comparison(self) -> Any:
        """Read two sums and the sign between them."""
        left = self.sum()
        operator = self.accept(*COMPARISONS)
        if not operator:
            text = self.token.text or "the end"
            raise self.fail(f"a condition needs one of {' '.join(COMPARISONS)}, found '{text}'")
        right = self.sum()
        self.comparisons += 1
        if self.comparisons > limits.MAX_COMPARISONS:
            raise self.fail(f"more than {limits.MAX_COMPARISONS} comparisons in one expression")
        try:
            return self.unfolding.of(COMPARISONS[operator](left, right))
        except TypeError as error:  # sympy compares a complex number
            raise self.fail("not a real number") from error
