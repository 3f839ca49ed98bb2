"""A small arithmetic grammar, turned into sympy by hand: no sympify, no parse_expr, nothing of the text is ever run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from kinetics.errors import InputError, UnknownNameError
from kinetics.expressions import limits
from kinetics.expressions.conditions import COMPARISONS, Conditions
from kinetics.expressions.elementary import FUNCTIONS as ELEMENTARY
from kinetics.expressions.functions import branches, log, power
from kinetics.expressions.reserved import WORDS
from kinetics.expressions.tokens import shortened
from kinetics.expressions.unfolding import Unfolding
from kinetics.text.suggestions import did_you_mean

FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int | None]] = {
    "exp": (sp.exp, 1, 1),
    "log": (log, 1, 1),
    "sqrt": (lambda base: power(base, sp.S.Half), 1, 1),
    "abs": (sp.Abs, 1, 1),
    "min": (sp.Min, 2, None),
    "max": (sp.Max, 2, None),
    **{name: (kind, 1, 1) for name, kind in ELEMENTARY.items()},
}


class _Parser(Conditions):
    """Precedence climbing: sum < product < sign < power (right to left)."""

    def __init__(self, text: str, symbols: Mapping[str, sp.Symbol]) -> None:
        super().__init__(text)
        self.symbols = symbols
        self.extremes = 0
        self.unfolding = Unfolding()
        self.unknown: list[str] = []

    def whole(self, part: Callable[[], Any]) -> Any:
        """Read a part of the grammar that the text has to be, and nothing else."""
        value = part()
        if self.token.kind != "end":
            is_logical = self.token.text in (*COMPARISONS, *WORDS)
            hint = "; conditions stand in piecewise and in triggers alone," if is_logical else ""
            raise self.fail(f"unexpected '{self.token.text}'{hint}")
        if self.unknown:
            raise UnknownNameError(*dict.fromkeys(self.unknown))
        return value

    def sum(self) -> Any:
        with self.deeper():
            terms = [self.product()]
            while operator := self.accept("+", "-"):
                term = self.product()
                terms.append(term if operator == "+" else -term)
        return self.build(sp.Add, *terms)

    def product(self) -> Any:
        factors = [self.sign()]
        while operator := self.accept("*", "/"):
            factor = self.sign()
            if operator == "/" and factor == 0:
                raise self.fail("division by zero")
            factors.append(factor if operator == "*" else self.build(sp.Pow, factor, sp.S.NegativeOne))
        return self.build(sp.Mul, *factors)

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
        with self.deeper():
            exponent = self.sign()
        self.refuse(limits.power_fault(base, exponent))
        return self.build(power, base, exponent)

    def atom(self) -> Any:
        token = self.token
        if token.kind == "number":
            self.position += 1
            return self.number(token.text)
        if token.kind == "name":
            if token.text in WORDS:
                raise self.fail(f"'{token.text}' is of conditions, which stand in piecewise and in triggers alone,")
            self.position += 1
            return self.call(token.text) if self.accept("(") else self.symbol(token.text)
        if self.accept("("):
            value = self.sum()
            self.expect(")")
            return value
        raise self.fail(f"expected a number, a name or '(', found '{token.text or 'the end'}'")

    def number(self, text: str) -> Any:
        value = float(text)
        is_zero = not re.search("[1-9]", text.lower().split("e")[0])
        if len(text) > limits.MAX_DIGITS or not math.isfinite(value) or (value == 0) != is_zero:
            raise self.fail(f"number '{text[: limits.MAX_DIGITS]}' is out of range")
        return sp.S.Zero if is_zero else sp.Rational(text)

    def symbol(self, name: str) -> Any:
        try:
            return self.symbols[name]
        except KeyError:
            self.unknown.append(f"unknown name '{name}'{did_you_mean(name, self.symbols)}")
            return sp.Dummy(real=True)

    def call(self, name: str) -> Any:
        if name == "piecewise":
            return self.piecewise()
        if name not in FUNCTIONS:
            functions = ", ".join(sorted((*FUNCTIONS, "piecewise")))
            self.unknown.append(f"unknown function '{name}'; there are {functions}")
        function, least, most = FUNCTIONS.get(name, (_nothing, 1, None))
        arguments = [self.sum()]
        while self.accept(","):
            arguments.append(self.sum())
        self.expect(")")
        if len(arguments) < least or (most is not None and len(arguments) > most):
            expected = least if most else f"at least {least}"
            raise self.fail(f"{name} takes {expected} argument(s), found {len(arguments)},")
        self.extremes += len(arguments) if name in ("min", "max") else 0
        if self.extremes > limits.MAX_EXTREMES:
            raise self.fail(f"more than {limits.MAX_EXTREMES} arguments of min and max in one expression")
        self.refuse(limits.call_fault(name, arguments))
        return self.build(function, *arguments)

    def piecewise(self) -> Any:
        pairs = []
        while self.is_comma_ahead():
            condition = self.condition()
            self.expect(",")
            pairs.append((self.sum(), condition))
            if not self.accept(","):
                raise self.fail("piecewise needs one last value, without a condition")
        if not pairs:
            raise self.fail("piecewise takes (condition, value) pairs and one last value; no condition")
        otherwise = self.sum()
        self.expect(")")
        return self.build(branches, *pairs, (otherwise, sp.true))


def _nothing(*_: Any) -> Any:
    return sp.Dummy(real=True)


def parse(text: str, symbols: Mapping[str, sp.Symbol]) -> Any:
    """Turn an expression of the grammar in docs/formats/expressions.md into sympy; its numbers are exact rationals.

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
    parser = _parser(text, symbols)
    value = parser.whole(parser.sum)
    if value.has(sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I):
        raise InputError(f"'{shortened(text)}' is not a finite real number")
    return value


def parse_condition(text: str, symbols: Mapping[str, sp.Symbol]) -> Any:
    """Turn a condition of the grammar into a sympy Boolean: comparisons joined by ``and``, ``or``, ``xor``, ``not``.

    Raises
    ------
    InputError, UnknownNameError
        As `parse` does.

    Examples
    --------
    >>> m, t = sp.symbols("m t", real=True)
    >>> parse_condition("m >= 2 and not t < 1", {"m": m, "t": t})
    (m >= 2) & (t >= 1)
    >>> parse_condition("m + 1", {"m": m})
    Traceback (most recent call last):
    kinetics.errors.InputError: a condition needs one of < <= > >= == !=, found 'the end' at column 6 of 'm + 1'
    """
    parser = _parser(text, symbols)
    return parser.whole(parser.condition)


def _parser(text: str, symbols: Mapping[str, sp.Symbol]) -> _Parser:
    if not isinstance(text, str) or not text.strip():
        raise InputError("empty expression")
    if len(text) > limits.MAX_LENGTH:
        raise InputError(f"expression longer than {limits.MAX_LENGTH} characters")
    return _Parser(text, symbols)
