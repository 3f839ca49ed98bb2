"""A place among the words of a text: what a parser of any part of the grammar moves, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from kinetics.errors import InputError
from kinetics.expressions import limits
from kinetics.expressions.tokens import Token, read_tokens, shortened


class Cursor:
    """The words of a text, and the one to be read next.

    Parameters
    ----------
    text : str
        What is read.
    tokens : list of Token, optional
        Its words; by default those of the grammar of model files.
    """

    def __init__(self, text: str, tokens: list[Token] | None = None) -> None:
        self.text = text
        self.tokens = read_tokens(text) if tokens is None else tokens
        self.position = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        """The word to be read next."""
        return self.tokens[self.position]

    def fail(self, message: str) -> InputError:
        """What is wrong with the next word."""
        return InputError(f"{message} at column {self.token.column} of '{shortened(self.text)}'")

    def refuse(self, fault: str) -> None:
        """Fail for a fault in words, if there is one."""
        if fault:
            raise self.fail(fault)

    def accept(self, *words: str) -> str:
        """Read the next word if it is one of these."""
        token = self.token
        if token.kind in ("operator", "name") and token.text in words:
            self.position += 1
            return token.text
        return ""

    def expect(self, operator: str) -> None:
        """Read an operator that has to stand here."""
        if not self.accept(operator):
            raise self.fail(f"expected '{operator}', found '{self.token.text or 'the end'}'")

    @cached_property
    def closing(self) -> dict[int, int]:
        """The position of the bracket that closes each one that is opened and closed."""
        pairs: dict[int, int] = {}
        opened: list[int] = []
        for position, token in enumerate(self.tokens):
            if token.text == "(":
                opened.append(position)
            elif token.text == ")" and opened:
                pairs[opened.pop()] = position
        return pairs

    def is_comma_ahead(self) -> bool:
        """Whether a comma stands before the bracket that closes this call."""
        position = self.position
        while self.tokens[position].kind != "end" and self.tokens[position].text not in (",", ")"):
            position = self.closing.get(position, position) + 1
        return self.tokens[position].text == ","

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Inside of this the text is nested one deeper."""
        self.depth += 1
        if self.depth > limits.MAX_DEPTH:
            raise InputError(f"expression nested more than {limits.MAX_DEPTH} deep")
        yield
        self.depth -= 1

    def build(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Apply a function of sympy; its result must be real, finite, and made of numbers a float can hold."""
        try:
            value = limits.rounded(function(*arguments))
        except OverflowError as error:
            raise self.fail("number too large") from error
        except (TypeError, ValueError, ArithmeticError) as error:  # sympy compares a complex number
            raise self.fail("not a real number") from error
        self.refuse(limits.result_fault(value))
        return value
