"""The words of an expression: numbers, names and operators, each with its column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kinetics.errors import InputError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)"
    r"|(?P<operator>\*\*|<=|>=|==|!=|[-+*/^(),<>]))"
)


@dataclass(frozen=True)
class Token:
    """A word: ``kind`` is ``number``, ``name``, ``operator`` or ``end``."""

    kind: str
    text: str
    column: int


def read_tokens(text: str) -> list[Token]:
    """The words of a text, and its end."""
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()
            raise InputError(f"cannot read '{rest[:20]}' in '{shortened(text)}'")
        kind = str(match.lastgroup)
        tokens.append(Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return [*tokens, Token("end", "", len(text) + 1)]


def shortened(expression: object) -> str:
    """An expression, of text or of sympy, for a message."""
    text = str(expression)
    return text if len(text) <= 60 else text[:57] + "..."
