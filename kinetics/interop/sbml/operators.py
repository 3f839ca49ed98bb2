"""The operators of MathML in our grammar, by the name that libsbml gives their kind; others are written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from kinetics.interop.sbml.terms import (
    AND,
    COMPARISON,
    NOT,
    OR,
    SUM,
    XOR,
    Term,
    call,
    negative,
    power,
    product,
    quotient,
    total,
)

ONE = Term("1")
CONSTANTS = {
    "CONSTANT_PI": Term("3.14159265358979323846"),
    "CONSTANT_E": Term("2.71828182845904523536"),
    "NAME_AVOGADRO": Term("6.02214179e23"),
    "CONSTANT_TRUE": Term("true", is_condition=True),
    "CONSTANT_FALSE": Term("false", is_condition=True),
}
"""The number of Avogadro is that of SBML level 3."""


def _function(name: str) -> Callable[..., Term]:
    return lambda argument: call(name, argument)


def _inverse(name: str) -> Callable[..., Term]:
    """One over a function."""
    return lambda argument: quotient(ONE, call(name, argument))


def _of_inverse(name: str) -> Callable[..., Term]:
    """A function of one over the argument."""
    return lambda argument: call(name, quotient(ONE, argument))


def _minus(first: Term, *others: Term) -> Term:
    if not others:
        return negative(first)
    subtracted = [Term(f"({other.text})") if other.binds <= SUM else other for other in others]
    return total(first, *map(negative, subtracted))


def _divide(above: Term, below: Term) -> Term:
    return quotient(above, below)


def _root(degree: Term, radicand: Term) -> Term:
    return call("sqrt", radicand) if degree.text == "2" else power(radicand, quotient(ONE, degree))


def _log(base: Term, argument: Term) -> Term:
    return quotient(call("log", argument), call("log", base))


def _quotient(above: Term, below: Term) -> Term:
    """The whole part of a quotient, rounded towards zero."""
    ratio = quotient(above, below)
    return Term(f"piecewise({ratio.text} >= 0, floor({ratio.text}), ceil({ratio.text}))")


def _rest(above: Term, below: Term) -> Term:
    return _minus(above, product(below, _quotient(above, below)))


def _extreme(name: str) -> Callable[..., Term]:
    return lambda *arguments: call(name, *arguments) if len(arguments) > 1 else arguments[0]


ARITHMETIC: dict[str, Callable[..., Term]] = {
    "PLUS": total, "TIMES": product, "MINUS": _minus, "DIVIDE": _divide, "POWER": power, "FUNCTION_POWER": power,
    "FUNCTION_ROOT": _root, "FUNCTION_LOG": _log, "FUNCTION_LN": _function("log"), "FUNCTION_EXP": _function("exp"),
    "FUNCTION_ABS": _function("abs"), "FUNCTION_FLOOR": _function("floor"), "FUNCTION_CEILING": _function("ceil"),
    "FUNCTION_FACTORIAL": _function("factorial"), "FUNCTION_MIN": _extreme("min"), "FUNCTION_MAX": _extreme("max"),
    "FUNCTION_QUOTIENT": _quotient, "FUNCTION_REM": _rest,
    **{f"FUNCTION_{name.upper()}": _function(name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"FUNCTION_ARC{name.upper()}": _function(f"a{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{
        f"FUNCTION_{name.upper()}": _inverse(of)
        for name, of in {"sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh", "coth": "tanh"}.items()
    },
    **{
        f"FUNCTION_ARC{name.upper()}": _of_inverse(f"a{of}")
        for name, of in {"sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh", "coth": "tanh"}.items()
    },
}  # fmt: skip
"""Of numbers to a number."""


def _joined(word: str, binds: int, empty: str) -> Callable[..., Term]:
    def join(*conditions: Term) -> Term:
        if len(conditions) < 2:
            return conditions[0] if conditions else CONSTANTS[empty]
        text = f" {word} ".join(condition.within(binds + 1) for condition in conditions)
        return Term(text, binds, is_condition=True)

    return join


def _not(condition: Term) -> Term:
    return Term(f"not {condition.within(COMPARISON)}", NOT, is_condition=True)


LOGIC: dict[str, Callable[..., Term]] = {
    "LOGICAL_AND": _joined("and", AND, "CONSTANT_TRUE"),
    "LOGICAL_OR": _joined("or", OR, "CONSTANT_FALSE"),
    "LOGICAL_XOR": _joined("xor", XOR, "CONSTANT_FALSE"),
    "LOGICAL_NOT": _not,
    "LOGICAL_IMPLIES": lambda if_true, then: LOGIC["LOGICAL_OR"](_not(if_true), then),
}
"""Of conditions to a condition."""
_SIGNS = {"GT": ">", "GEQ": ">=", "LT": "<", "LEQ": "<=", "EQ": "==", "NEQ": "!="}


def compare(kind: str, *sides: Term) -> Term:
    """A comparison of two sides, or of each with the next; two conditions are equal if both are true or neither is."""
    sign = _SIGNS[kind.removeprefix("RELATIONAL_")]

    def pair(left: Term, right: Term) -> Term:
        if left.is_condition and right.is_condition and sign in ("==", "!="):
            differ = LOGIC["LOGICAL_XOR"](left, right)
            return differ if sign == "!=" else _not(differ)
        text = f"{left.as_number().within(SUM)} {sign} {right.as_number().within(SUM)}"
        return Term(text, COMPARISON, is_condition=True)

    pairs = [pair(left, right) for left, right in zip(sides, sides[1:], strict=False)]
    return LOGIC["LOGICAL_AND"](*pairs)


def piecewise(*parts: Term) -> Term:
    """Values, each with its condition behind it, and what holds otherwise; zero if the file does not say."""
    *pairs, otherwise = parts if len(parts) % 2 else (*parts, Term("0"))
    values, conditions = pairs[::2], [part.as_condition() for part in pairs[1::2]]
    if not pairs:
        return otherwise
    if all(value.is_condition for value in (*values, otherwise)):
        return reduce(_either, reversed(list(zip(conditions, values, strict=True))), otherwise)
    texts = [f"{condition.text}, {value.as_number().text}" for value, condition in zip(values, conditions, strict=True)]
    return Term(f"piecewise({', '.join([*texts, otherwise.as_number().text])})")


def _either(otherwise: Term, pair: tuple[Term, Term]) -> Term:
    condition, value = pair
    both, neither = LOGIC["LOGICAL_AND"](condition, value), LOGIC["LOGICAL_AND"](_not(condition), otherwise)
    return LOGIC["LOGICAL_OR"](both, neither)
