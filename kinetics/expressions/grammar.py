"""A small arithmetic grammar, turned into sympy by hand: no sympify, no parse_expr, nothing of the text is ever run."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from kinetics.errors import InputError, UnknownNameError

__all__ = ["MAX_DEPTH", "RESERVED", "is_name", "parse"]

MAX_DEPTH = 50
MAX_LENGTH = 4000
MAX_POWER = 64
MAX_DIGITS = 40

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)"
    r"|(?P<operator>\*\*|<=|>=|==|!=|[-+*/^(),<>]))"
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def _piecewise(*arguments: Any) -> Any:
    pairs = list(zip(arguments[:-1:2], arguments[1::2], strict=False))
    return sp.Piecewise(*((value, condition) for condition, value in pairs), (arguments[-1], True))


_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int | None]] = {
    "exp": (sp.exp, 1, 1),
    "log": (sp.log, 1, 1),
    "sqrt": (sp.sqrt, 1, 1),
    "abs": (sp.Abs, 1, 1),
    "min": (sp.Min, 2, None),
    "max": (sp.Max, 2, None),
    "piecewise": (_piecewise, 3, None),
}
_COMPARISONS = {"<": sp.StrictLessThan, "<=": sp.LessThan, ">": sp.StrictGreaterThan, ">=": sp.GreaterThan}
RESERVED = frozenset(_FUNCTIONS) | {"t", "time", "pi", "E", "patient", "draw", "course"}


def is_name(text: str) -> bool:
    """Whether a text may name a quantity: an identifier of at most 64 characters that is not reserved.

    Examples
    --------
    >>> is_name("k_M4"), is_name("exp"), is_name("x; y")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None and text not in RESERVED


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()
            raise InputError(f"cannot read '{rest[:20]}' in '{_short(text)}'")
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


class _Parser:
    """Precedence climbing: comparison < sum < product < sign < power (right to left)."""

    def __init__(self, text: str, symbols: Mapping[str, sp.Symbol]) -> None:
        self.text, self.symbols = text, symbols
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0
        self.unknown: list[str] = []

    @property
    def token(self) -> _Token:
        return self.tokens[self.position]

    def fail(self, message: str) -> InputError:
        return InputError(f"{message} at column {self.token.column} of '{_short(self.text)}'")

    def accept(self, *operators: str) -> str:
        token = self.token
        if token.kind == "operator" and token.text in operators:
            self.position += 1
            return token.text
        return ""

    def expect(self, operator: str) -> None:
        if not self.accept(operator):
            raise self.fail(f"expected '{operator}', found '{self.token.text or 'the end'}'")

    def whole(self) -> Any:
        value = self.sum()
        if self.token.kind != "end":
            raise self.fail(f"unexpected '{self.token.text}'")
        return value

    def condition(self) -> Any:
        left = self.sum()
        operator = self.accept(*_COMPARISONS)
        if not operator:
            raise self.fail("a condition of piecewise needs one of < <= > >=, found " + repr(self.token.text or "the end"))
        return _COMPARISONS[operator](left, self.sum())

    def sum(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InputError(f"expression nested more than {MAX_DEPTH} deep")
        terms = [self.product()]
        while operator := self.accept("+", "-"):
            term = self.product()
            terms.append(term if operator == "+" else -term)
        self.depth -= 1
        return sp.Add(*terms)

    def product(self) -> Any:
        value = self.sign()
        while operator := self.accept("*", "/"):
            factor = self.sign()
            if operator == "/" and factor == 0:
                raise self.fail("division by zero")
            value = self.bounded(value * factor if operator == "*" else value / factor)
        return value

    def sign(self) -> Any:
        negative = False
        while operator := self.accept("+", "-"):
            negative ^= operator == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Any:
        base = self.atom()
        if not self.accept("^", "**"):
            return base
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InputError(f"expression nested more than {MAX_DEPTH} deep")
        exponent = self.sign()
        self.depth -= 1
        if exponent.is_number:
            size = abs(float(exponent))
            if size > MAX_POWER:
                raise self.fail(f"exponent beyond {MAX_POWER}")
            if base.is_number:
                if base == 0 and float(exponent) <= 0:
                    raise self.fail("zero to a power that is not positive")
                if base != 0 and abs(math.log10(abs(float(base)))) * size > 300:
                    raise self.fail("number too large")
        return base**exponent

    def atom(self) -> Any:
        token = self.token
        if token.kind == "number":
            self.position += 1
            return self.number(token.text)
        if token.kind == "name":
            self.position += 1
            return self.call(token.text) if self.accept("(") else self.symbol(token.text)
        if self.accept("("):
            value = self.sum()
            self.expect(")")
            return value
        raise self.fail(f"expected a number, a name or '(', found '{token.text or 'the end'}'")

    def number(self, text: str) -> Any:
        value = float(text)
        if len(text) > MAX_DIGITS or not math.isfinite(value) or (value == 0 and text.strip("0.eE+-")[:1] not in ("",)):
            raise self.fail(f"number '{text[:MAX_DIGITS]}' is out of range")
        return sp.Rational(text) if value else sp.S.Zero

    def bounded(self, value: Any) -> Any:
        if value.is_Rational and value != 0 and abs(math.log10(abs(value.p)) - math.log10(value.q)) > 300:
            raise self.fail("number too large")
        return value

    def symbol(self, name: str) -> Any:
        if name not in self.symbols:
            self.unknown.append(name)
            return sp.Dummy(real=True)
        return self.symbols[name]

    def call(self, name: str) -> Any:
        if name not in _FUNCTIONS:
            raise UnknownNameError(f"unknown function '{name}'; there are {', '.join(sorted(_FUNCTIONS))}")
        function, least, most = _FUNCTIONS[name]
        arguments = []
        while True:
            is_condition = name == "piecewise" and len(arguments) % 2 == 0 and self.is_condition_ahead()
            arguments.append(self.condition() if is_condition else self.sum())
            if not self.accept(","):
                break
        self.expect(")")
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise InputError(f"{name} takes {least if most else f'at least {least}'} argument(s), found {len(arguments)}")
        if name == "piecewise" and (len(arguments) % 2 == 0 or any(a.is_Relational for a in arguments[-1:])):
            raise InputError("piecewise takes (condition, value) pairs and one last value")
        if name == "log" and arguments[0].is_number and float(arguments[0]) <= 0:
            raise InputError("log of a number that is not positive")
        return function(*arguments)

    def is_condition_ahead(self) -> bool:
        """Whether a comparison stands before the next comma or closing bracket of this call."""
        level = 0
        for token in self.tokens[self.position :]:
            if token.text == "(":
                level += 1
            elif token.text == ")":
                level -= 1
            if level < 0 or (level == 0 and token.text == ","):
                return False
            if level == 0 and token.text in _COMPARISONS:
                return True
        return False


def parse(text: str, symbols: Mapping[str, sp.Symbol]) -> Any:
    """Turn an expression into sympy.

    Parameters
    ----------
    text : str
        An expression of the grammar in docs/formats.md.
    symbols : mapping of str to sympy.Symbol
        The names it may use.

    Returns
    -------
    sympy.Expr
        Numbers are exact rationals.

    Raises
    ------
    InputError
        If the text is not of the grammar, too long, too deep, or holds a number out of range.
    UnknownNameError
        If it uses names that are not in ``symbols``; all of them are listed.

    Examples
    --------
    >>> V, A = sp.symbols("V A", real=True)
    >>> parse("max(0, A/V - 0.5)", {"V": V, "A": A})
    Max(0, A/V - 1/2)
    >>> parse("9^9^9^9", {})
    Traceback (most recent call last):
    kinetics.errors.InputError: exponent beyond 64 at column 8 of '9^9^9^9'
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError("empty expression")
    if len(text) > MAX_LENGTH:
        raise InputError(f"expression longer than {MAX_LENGTH} characters")
    parser = _Parser(text, symbols)
    value = parser.whole()
    if parser.unknown:
        raise UnknownNameError("; ".join(_unknown(name, symbols) for name in dict.fromkeys(parser.unknown)))
    if value.has(sp.zoo, sp.nan, sp.oo, -sp.oo):
        raise InputError(f"'{_short(text)}' is not finite")
    return value


def _unknown(name: str, symbols: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, symbols, n=1)
    return f"unknown name '{name}'" + (f"; did you mean '{near[0]}'?" if near else "")
