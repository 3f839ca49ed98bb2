"""Over generated trees: what is printed and read back means the same, with any mixture of convertible units."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from kinetics.errors import InputError
from kinetics.expressions import Dimensions, evaluate, parse
from kinetics.expressions.limits import MAX_DIGITS
from kinetics.units import conversion, parse_unit, registry, unit_text

NAMES = ("a", "b", "c.d")
SYMBOLS = {name: sp.Symbol(name.replace(".", "_"), real=True) for name in NAMES}
numbers = st.floats(0.01, 100).map(lambda value: f"{value:.6g}")
leaves = numbers.map(lambda text: (text, float(text))) | st.sampled_from(NAMES).map(lambda name: (name, name))


def _branches(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner),
        st.tuples(st.just("^"), inner, st.integers(-3, 3)),
        st.tuples(st.just("neg"), inner),
        st.tuples(st.sampled_from(["exp", "log", "sqrt", "abs"]), inner),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner),
        st.tuples(st.just("piecewise"), st.sampled_from(["<", "<=", ">", ">="]), pairs, inner, inner),
    )


trees = st.recursive(leaves, _branches, max_leaves=12)
values = st.fixed_dictionaries({name: st.floats(0.1, 10) for name in NAMES})


def text_of(tree) -> str:
    match tree:
        case (str(text), float()) | (str(text), str()):
            return text
        case ("neg", inner):
            return f"(-{text_of(inner)})"
        case ("^", base, exponent):
            return f"({text_of(base)})^{exponent}" if exponent >= 0 else f"({text_of(base)})**({exponent})"
        case ("piecewise", sign, (left, right), value, otherwise):
            return f"piecewise({text_of(left)} {sign} {text_of(right)}, {text_of(value)}, {text_of(otherwise)})"
        case (("+" | "-" | "*" | "/") as sign, left, right):
            return f"({text_of(left)} {sign} {text_of(right)})"
        case (function, *arguments):
            return f"{function}({', '.join(map(text_of, arguments))})"
    raise AssertionError(tree)


def value_of(tree, given) -> float:
    """An evaluation that shares nothing with the package; it raises where the expression has no real value."""
    match tree:
        case (str(), float(number)):
            return number
        case (str(), str(name)):
            return given[name]
        case ("neg", inner):
            return -value_of(inner, given)
        case ("^", base, exponent):
            return value_of(base, given) ** exponent
        case ("piecewise", sign, (left, right), value, otherwise):
            left, right = value_of(left, given), value_of(right, given)
            assume(abs(left - right) > 1e-6 * (abs(left) + abs(right)))  # rounding must not choose the branch
            return value_of(value if (left < right) == (sign in ("<", "<=")) else otherwise, given)
        case (sign, left, right) if sign in ("+", "-", "*", "/", "min", "max"):
            left, right = value_of(left, given), value_of(right, given)
            if sign in ("+", "-"):
                assume(min(abs(left), abs(right)) < 1e3 and (abs(left + right) > 1e-3 or sign == "+"))
            operation = {"min": min, "max": max, "/": lambda x, y: x / y, "*": lambda x, y: x * y}
            operation |= {"+": lambda x, y: x + y, "-": lambda x, y: x - y}
            return operation[sign](left, right)
        case (function, inner):
            return {"abs": abs, "sqrt": math.sqrt, "exp": math.exp, "log": math.log}[function](value_of(inner, given))
    raise AssertionError(tree)


@given(trees, values)
def test_printed_and_read_back_it_evaluates_alike(tree, given_values):
    try:
        expected = value_of(tree, given_values)
    except (ArithmeticError, ValueError):
        assume(False)
    assume(1e-6 < abs(expected) < 1e6)
    try:
        expression = parse(text_of(tree), SYMBOLS)
    except InputError:
        assume(False)  # a branch that is not taken has no real value
    got = evaluate(expression, {SYMBOLS[name]: value for name, value in given_values.items()})
    # sums that nearly cancel lose digits in one order of adding or another
    assert got == pytest.approx(expected, rel=1e-6)


decimals = st.decimals("-3", "3", places=6, allow_nan=False).filter(lambda number: abs(number) > 1e-3)
positive = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(st.sampled_from("*/"), inner, inner)
        | st.tuples(st.just("^"), inner, decimals.map(float))
        | st.tuples(st.sampled_from(["sqrt", "exp_of_log"]), inner)
    ),
    max_leaves=10,
)


def _text_of_positive(tree) -> str:
    match tree:
        case (str(text), float()) | (str(text), str()):
            return text
        case ("exp_of_log", inner):
            return f"exp(0.7512345*log({_text_of_positive(inner)}))"
        case ("sqrt", inner):
            return f"sqrt({_text_of_positive(inner)})"
        case ("^", base, exponent):
            return f"({_text_of_positive(base)})^({exponent:.6f})"
        case (sign, left, right):
            return f"({_text_of_positive(left)} {sign} {_text_of_positive(right)})"
    raise AssertionError(tree)


def _log_of_positive(tree, given) -> float:
    """The logarithm, in plain floats: its error is that of the value, relative."""
    match tree:
        case (str(), float(number)):
            return math.log(number)
        case (str(), str(name)):
            return math.log(given[name])
        case ("exp_of_log", inner):
            return 0.7512345 * _log_of_positive(inner, given)
        case ("sqrt", inner):
            return 0.5 * _log_of_positive(inner, given)
        case ("^", base, exponent):
            return exponent * _log_of_positive(base, given)
        case (sign, left, right):
            left, right = _log_of_positive(left, given), _log_of_positive(right, given)
            return left + right if sign == "*" else left - right
    raise AssertionError(tree)


@given(positive, values)
def test_powers_roots_and_products_of_decimals_are_those_of_plain_floats(tree, given_values):
    logarithm = _log_of_positive(tree, given_values)
    assume(abs(logarithm) < 600)
    try:
        expression = parse(_text_of_positive(tree), SYMBOLS)
    except InputError as error:
        assume("exponent beyond" in str(error) or "number too large" in str(error) or "finite" in str(error))
        return
    got = evaluate(expression, {SYMBOLS[name]: value for name, value in given_values.items()})
    assume(math.isfinite(got) and got > 0)  # one of its parts is beyond the floats
    assert math.log(got) == pytest.approx(logarithm, rel=1e-13, abs=1e-13)


@given(trees, values)
def test_sympy_printed_and_read_back_is_itself(tree, given_values):
    try:
        expression = parse(text_of(tree), SYMBOLS)
    except InputError:
        assume(False)
    assume(not expression.has(sp.Piecewise, sp.Max, sp.Min, sp.Abs, sp.E))
    assume(all(len(str(part)) <= MAX_DIGITS for part in expression.atoms(sp.Rational)))
    again = parse(str(expression), {symbol.name: symbol for symbol in SYMBOLS.values()})
    point = {SYMBOLS[name]: value for name, value in given_values.items()}
    assert evaluate(again, point) == pytest.approx(evaluate(expression, point), rel=1e-9, nan_ok=True)


@given(st.text(max_size=60) | st.text("xab.01e9^*/+-(), <=>_'\"\\\n", max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        expression = parse(text, SYMBOLS)
    except InputError:
        return
    assert expression.free_symbols <= set(SYMBOLS.values())


@given(st.text(max_size=40) | st.text("mgL/day1e9*^() -%", max_size=30))
def test_any_text_is_a_unit_or_refused(text):
    try:
        unit = parse_unit(text)
    except InputError:
        return
    assert parse_unit(unit_text(unit)) == unit


masses, volumes, times = ("ug", "mg", "g", "kg"), ("nL", "uL", "mL", "L"), ("second", "minute", "hour", "day", "month")
exponents = st.integers(-3, 3)
units = st.tuples(*(st.sampled_from(kind) for kind in (masses, volumes, times)), exponents, exponents, exponents).map(
    lambda parts: "*".join(f"{name}^{power}" for name, power in zip(parts[:3], parts[3:], strict=True) if power) or "1"
)


@given(units)
def test_a_unit_written_is_read_back_by_both_readers(text):
    unit = parse_unit(text)
    assert parse_unit(unit_text(unit)) == unit
    assert registry.Unit(unit_text(unit)) == unit
    assert registry.parse_units(text) == unit


@given(st.sampled_from(masses), st.sampled_from(masses), st.sampled_from(times), st.sampled_from(times), exponents)
def test_a_conversion_is_that_of_pint(mass, other_mass, time, other_time, power):
    source = registry.Unit(mass) * registry.Unit(time) ** power
    target = registry.Unit(other_mass) * registry.Unit(other_time) ** power
    assert float(conversion(source, target)) == pytest.approx(registry.convert(1.0, source, target), rel=1e-14)
    assert conversion(source, target) * conversion(target, source) == 1


SUM = "{sign}*a*b/(a + b) + max(a, b) - piecewise(a < b, b, a)*exp(-a/b)*(a/b)^2 + sqrt(a*b)*log(1 + a/b)"


@given(st.sampled_from(masses), st.sampled_from(masses), st.sampled_from(masses), *[st.floats(0.1, 10)] * 2)
def test_inserted_conversions_give_what_pint_gives(unit_a, unit_b, unit_out, value_a, value_b):
    a, b = sp.symbols("a b", real=True)
    expression = parse(SUM.format(sign="2"), {"a": a, "b": b})
    dimensions = Dimensions({a: registry.Unit(unit_a), b: registry.Unit(unit_b)})
    converted = dimensions.convert(expression, registry.Unit(unit_out))
    in_out = {
        a: registry.convert(value_a, unit_a, unit_out),
        b: registry.convert(value_b, unit_b, unit_out),
    }
    expected = evaluate(expression, in_out)
    assume(abs(in_out[a] - in_out[b]) > 1e-9 * in_out[a])
    assume(np.isfinite(expected))
    assert evaluate(converted, {a: value_a, b: value_b}) == pytest.approx(expected, rel=1e-9, abs=1e-12 * in_out[b])
