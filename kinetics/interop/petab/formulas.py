"""The formulas of PEtab, turned into sympy by hand within limits; nothing of a text is ever run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from kinetics.errors import InputError, UnknownNameError
from kinetics.expressions import branches, evaluate, limits, power
from kinetics.expressions.conditions import COMPARISONS
from kinetics.expressions.cursor import Cursor
from kinetics.expressions.tokens import shortened
from kinetics.expressions.unfolding import Unfolding
from kinetics.interop.petab.functions import CONSTANTS, FUNCTIONS
from kinetics.interop.petab.words import read_words
from kinetics.text.suggestions import did_you_mean


def parse_formula(text: str, symbols: Mapping[str, Any]) -> Any:
    """A formula of PEtab as sympy, in the functions of `kinetics.expressions`; its numbers are exact, or infinite.

    Truth values are 1 and 0 where a number is needed; any number but 0 is true where a truth value is.

    Parameters
    ----------
    text : str
        The formula.
    symbols : mapping of str to sympy expression
        What each name stands for.

    Raises
    ------
    InputError
        If the text is not of the grammar, too long or too deep, or has a power beyond the limit.
    UnknownNameError
        If it uses names that are not in ``symbols``; all of them are listed.

    References
    ----------
    PEtab 2.0.0, section "Math expressions syntax", https://petab.readthedocs.io.

    Examples
    --------
    >>> A, k = sp.symbols("A k", real=True)
    >>> parse_formula("piecewise(k * A, A > 2 && !(k == 0), 0)", {"A": A, "k": k})
    piecewise((A*k, (A > 2) & Ne(k, 0)), (0, True))
    >>> parse_formula("9^9^9^9", {})
    Traceback (most recent call last):
    kinetics.errors.InputError: exponent beyond 64 at column 8 of '9^9^9^9'
    """
    if not text.strip():
        raise InputError("empty formula")
    parser = _Parser(text, symbols)
    value = _number(parser.whole())
    if parser.unknown:
        raise UnknownNameError(*dict.fromkeys(parser.unknown))
    if value.has(sp.zoo, sp.nan, sp.I):
        raise InputError(f"'{shortened(text)}' is not a real number")
    return value


def _number(value: Any) -> Any:
    """A value where a number is needed."""
    if value in (sp.true, sp.false):
        return sp.Integer(value == sp.true)
    return branches((1, value), (0, True)) if _is_logical(value) else value


def _is_logical(value: Any) -> bool:
    return isinstance(value, Boolean) and not isinstance(value, sp.Expr)  # of SymPy a symbol is both


class _Parser(Cursor):
    """Precedence climbing: logic < comparison < sum < product < sign and ! < power (right to left)."""

    def __init__(self, text: str, symbols: Mapping[str, Any]) -> None:
        super().__init__(text, read_words(text))
        self.symbols = symbols
        self.unknown: list[str] = []
        self.extremes = self.comparisons = 0
        self.unfolding = Unfolding()

    def whole(self) -> Any:
        value = self.logic()
        if self.token.kind != "end":
            raise self.fail(f"unexpected '{self.token.text}'")
        return value

    def logic(self) -> Any:
        with self.deeper():
            value = self.comparison()
            while operator := self.accept("&&", "||"):  # of equal precedence in PEtab
                other = self.comparison()
                value = (sp.And if operator == "&&" else sp.Or)(self.truth(value), self.truth(other))
        return value

    def comparison(self) -> Any:
        value = self.sum()
        while operator := self.accept(*COMPARISONS):
            self.comparisons += 1
            if self.comparisons > limits.MAX_COMPARISONS:
                raise self.fail(f"more than {limits.MAX_COMPARISONS} comparisons in one formula")
            value = self.unfolding.of(self.build(COMPARISONS[operator], value, self.sum()))
        return value

    def truth(self, value: Any) -> Any:
        """A value where a truth value is needed."""
        return value if _is_logical(value) else self.unfolding.of(sp.Ne(value, 0))

    def sum(self) -> Any:
        value = self.product()
        terms = [value]
        while operator := self.accept("+", "-"):
            term = _number(self.product())
            terms.append(term if operator == "+" else -term)
        return self.build(sp.Add, *terms) if len(terms) > 1 else value

    def product(self) -> Any:
        value = self.prefixed()
        factors = [value]
        while operator := self.accept("*", "/"):
            factor = _number(self.prefixed())
            if operator == "/" and factor == 0:
                raise self.fail("division by zero")
            factors.append(factor if operator == "*" else self.build(sp.Pow, factor, sp.S.NegativeOne))
        return self.build(sp.Mul, *factors) if len(factors) > 1 else value

    def prefixed(self) -> Any:
        operators = []
        while operator := self.accept("+", "-", "!"):
            operators.append(operator)
        value = self.power()
        for operator in reversed(operators):
            value = sp.Not(self.truth(value)) if operator == "!" else _number(value) * (-1 if operator == "-" else 1)
        return value

    def power(self) -> Any:
        base = self.atom()
        if not self.accept("^"):
            return base
        with self.deeper():
            exponent = _number(self.prefixed())
        return self.raised(_number(base), exponent)

    def raised(self, base: Any, exponent: Any) -> Any:
        self.refuse(limits.power_fault(base, exponent))
        return self.build(power, base, exponent)

    def atom(self) -> Any:
        token = self.token
        if self.accept("("):
            value = self.logic()
            self.expect(")")
            return value
        if token.kind not in ("number", "name"):
            raise self.fail(f"expected a number, a name or '(', found '{token.text or 'the end'}'")
        self.position += 1
        if token.kind == "number":
            return self.number(token.text)
        return self.call(token.text) if self.accept("(") else self.symbol(token.text)

    def number(self, text: str) -> Any:
        value, is_zero = float(text), not re.search("[1-9]", text.lower().split("e")[0])
        if len(text) > limits.MAX_DIGITS or not math.isfinite(value) or (value == 0) != is_zero:
            raise self.fail(f"number '{text[: limits.MAX_DIGITS]}' is out of range")
        return sp.S.Zero if is_zero else sp.Rational(text)

    def symbol(self, name: str) -> Any:
        value = self.symbols.get(name, CONSTANTS.get(name))
        if value is None:
            self.unknown.append(f"unknown name '{name}'{did_you_mean(name, self.symbols)}")
            return sp.Dummy(real=True)
        return value

    def call(self, name: str) -> Any:
        arguments = [self.logic()]
        while self.accept(","):
            arguments.append(self.logic())
        self.expect(")")
        if name == "piecewise":
            return self.piecewise(arguments)
        if name not in FUNCTIONS:
            functions = ", ".join(sorted((*FUNCTIONS, "piecewise")))
            self.unknown.append(f"unknown function '{name}'; there are {functions}")
            return sp.Dummy(real=True)
        function, least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= (most or len(arguments)):
            expected = f"at least {least}" if most is None else f"{least}" if least == most else f"{least} or {most}"
            raise self.fail(f"{name} takes {expected} argument(s), found {len(arguments)},")
        self.extremes += len(arguments) if name in ("min", "max") else 0
        if self.extremes > limits.MAX_EXTREMES:
            raise self.fail(f"more than {limits.MAX_EXTREMES} arguments of min and max in one formula")
        numbers = [_number(argument) for argument in arguments]
        if name == "pow":
            return self.raised(*numbers)
        if name == "exp":
            self.refuse(limits.call_fault(name, numbers))
        return self.build(function, *numbers)

    def piecewise(self, arguments: list[Any]) -> Any:
        if len(arguments) < 3 or len(arguments) % 2 == 0:
            raise self.fail("piecewise takes (value, condition) pairs and one last value;")
        conditions = [self.truth(condition) for condition in arguments[1::2]]
        values = [_number(value) for value in arguments[::2]]
        return self.build(branches, *zip(values, [*conditions, sp.true], strict=True))

    def build(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Apply a function of sympy to numbers; the result must be real, and infinite or of numbers a float holds."""
        numbers = [argument if isinstance(argument, tuple) else _number(argument) for argument in arguments]
        try:
            value = function(*numbers)
            value = value if _is_logical(value) else limits.rounded(value)
        except OverflowError as error:
            raise self.fail("number too large") from error
        except (TypeError, ValueError, ArithmeticError) as error:  # sympy compares a complex number
            raise self.fail("not a real number") from error
        if not _is_logical(value) and not (value.is_number and math.isinf(evaluate(value, {}))):
            self.refuse(limits.result_fault(value))
        return value
