"""The words of a formula of PEtab."""

from __future__ import annotations

import re

from kinetics.errors import InputError
from kinetics.expressions import limits
from kinetics.expressions.tokens import Token, shortened
from kinetics.interop.petab.functions import RESERVED

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator>&&|\|\||<=|>=|==|!=|[-+*/^(),<>!]))"
)


def formula_names(text: str) -> frozenset[str]:
    """The names of a formula that are no words of the grammar; `InputError` if it holds something that is no word.

    >>> sorted(formula_names("scale * A + max(time, k1)"))
    ['A', 'k1', 'scale']
    """
    return frozenset(token.text for token in read_words(text) if token.kind == "name") - RESERVED


def read_words(text: str) -> list[Token]:
    """The words of a formula, and its end."""
    if len(text) > limits.MAX_LENGTH:
        raise InputError(f"formula longer than {limits.MAX_LENGTH} characters")
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise InputError(f"cannot read '{text[position:].strip()[:20]}' in '{shortened(text)}'")
        kind = str(match.lastgroup)
        tokens.append(Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return [*tokens, Token("end", "", len(text) + 1)]
