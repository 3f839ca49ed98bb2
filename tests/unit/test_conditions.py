"""Conditions: what words and brackets mean, what is refused, and that a condition is printed as it is read."""

import re

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy.printing.latex import LatexPrinter

from kinetics.compile import compile_model
from kinetics.documents.formulas.mathml import Printer
from kinetics.errors import InputError, UnknownNameError
from kinetics.expressions import Dimensions, evaluate, parse, parse_condition, piecewise
from kinetics.expressions.trees import expression_of, expression_tree
from kinetics.identifiability.program import build_program
from kinetics.model import Model, Output, State
from kinetics.reports.models import expression_text
from kinetics.units import parse_unit

A, B, C = sp.symbols("a b c", real=True)
NAMES = {"a": A, "b": B, "c": C}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", A < B),
        ("a == b", sp.Eq(A, B)),
        ("a != 2", sp.Ne(A, 2)),
        ("a < b and b < c or c > 1", sp.Or(sp.And(A < B, B < C), C > 1)),
        ("a < b or b < c and c > 1", sp.Or(A < B, sp.And(B < C, C > 1))),
        ("a < b or b < c xor c > 1", sp.Or(A < B, sp.Xor(B < C, C > 1))),
        ("a < b xor b < c and c > 1", sp.Xor(A < B, sp.And(B < C, C > 1))),
        ("(a < b or b < c) and c > 1", sp.And(sp.Or(A < B, B < C), C > 1)),
        ("not a < b and c > 1", sp.And(A >= B, C > 1)),
        ("not (a < b and c > 1)", sp.Not(sp.And(A < B, C > 1))),
        ("(a + b)*2 > (c)", 2 * (A + B) > C),
        ("((a)) < (((b)))", A < B),
        ("((a < b))", A < B),
        ("true and a < b", A < B),
        ("not true", sp.false),
        ("1 < 2", sp.true),
        ("min(a, b) < max(b, c)", sp.Min(A, B) < sp.Max(B, C)),
        ("piecewise(a < 1, b, c) < 3", sp.Or(sp.And(A < 1, B < 3), sp.And(A >= 1, C < 3))),
        ("2*piecewise(a < 1, 1, 2) == 4", A >= 1),
        ("piecewise(b < piecewise(a < 1, 1, 2), 5, 6) == 5", sp.Or(sp.And(A < 1, B < 1), sp.And(A >= 1, B < 2))),
        ("not " * 900 + "a < b", A < B),
        ("(" * 45 + "a < b" + ")" * 45, A < B),
    ],
)
def test_words_bind_as_in_a_sentence(text, expected):
    assert parse_condition(text, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "a condition needs one of < <= > >= == !=, found 'the end'"),
        ("a and b", "a condition needs one of"),
        ("a < b < c", "unexpected '<'"),
        ("a < b and", "expected a number, a name or '('"),
        ("not", "expected a number, a name or '('"),
        ("a < not", "'not' is of conditions"),
        ("a = b", "cannot read '= b'"),
        ("a < b)", "unexpected ')'"),
        ("(a < b", "expected ')'"),
        ("(a > b) > c", "expected ')'"),
        ("a < b && b < c", "cannot read '&& b < c'"),
        ("+".join(f"piecewise(a < {i}, b, {i})" for i in range(8)) + " < 3", "more than 64 branches"),
        ("(" * 60 + "a < b" + ")" * 60, "nested more than 50 deep"),
        (" or ".join(f"a < {i}" for i in range(300)), "more than 256 comparisons"),
        ("a < log(0)", "log of zero"),
        ("", "empty"),
        ("not " * 1001, "longer than 4000"),
    ],
)
def test_what_is_no_condition_is_refused(text, message):
    with pytest.raises(InputError, match=re.escape(message)):
        parse_condition(text, NAMES)


@pytest.mark.parametrize("text", ["a < b", "a and b", "true", "not a < b", "1 + (a < b)", "a*(b or c)"])
def test_a_condition_is_no_number(text):
    with pytest.raises(InputError):
        parse(text, NAMES)


def test_unknown_names_are_told_all_at_once():
    with pytest.raises(UnknownNameError) as error:
        parse_condition("x < 1 and not y > nosuch(2)", NAMES)
    assert [fault.message.split(";")[0] for fault in error.value.faults] == [
        "unknown name 'x'",
        "unknown name 'y'",
        "unknown function 'nosuch'",
    ]


def test_branches_with_equal_values_do_not_multiply_out():
    """Of n pairs of conditions sympy makes 2^n: they stay as they are written."""
    text = "piecewise(" + "".join(f"a < {i} and b > {i}, c, " for i in range(60)) + "0)"
    value = parse(text, NAMES)
    assert isinstance(value, piecewise)
    assert len(value.args) == 61
    moved = value.xreplace({A: B})
    assert isinstance(moved, piecewise)


def test_comparisons_of_size_alone_stay_sympys_own():
    """What models hold already keeps its hash."""
    assert type(parse("piecewise(a < b, 1, a > c, 2, 3)", NAMES)) is sp.Piecewise


SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
SIDES = st.sampled_from(["a", "b", "c", "a + b", "2*c", "1"])
TEXTS = st.recursive(
    st.builds("{} {} {}".format, SIDES, SIGNS, SIDES),
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or", "xor"]), inner),
    ),
    max_leaves=8,
)


def meaning(text, values):
    """What Python makes of the same words; its `^` of truths in brackets is `xor`."""
    return eval(text.replace("xor", "^"), {"__builtins__": {}}, values)


@given(TEXTS, st.tuples(*[st.integers(-2, 2)] * 3))
def test_a_condition_means_what_python_means(text, numbers):
    values = dict(zip("abc", numbers, strict=True))
    at = {symbol: float(values[name]) for name, symbol in NAMES.items()}
    choice = parse(f"piecewise({text}, 1, 0)", NAMES)
    assert evaluate(choice, at) == meaning(text, values)
    assert evaluate(parse(expression_text(choice), NAMES), at) == meaning(text, values)
    assert expression_of(expression_tree(choice)) == choice


def test_conditions_compile_to_their_meaning():
    texts = [
        "a < b and not (b < c or a == c)",
        "(a <= b) xor (b != c) xor (c > 0)",
        "not (a >= b and c < 1) or a == 2",
        "not ((a < b) xor (b < c))",
    ]
    states = [State(name=name, unit="1", initial=0, rate=0) for name in NAMES]
    outputs = [
        Output(name=f"y{i}", unit="1", value=parse(f"piecewise({text}, {i + 1}, 0)", NAMES))
        for i, text in enumerate(texts)
    ]
    functions = compile_model(Model.from_symbols("logic", time="1", states=states, outputs=outputs)).functions
    for point in np.array(np.meshgrid(*[[-1.0, 0.0, 1.0, 2.0]] * 3)).reshape(3, -1).T:
        values = dict(zip("abc", point.tolist(), strict=True))
        expected = [(i + 1) * meaning(text, values) for i, text in enumerate(texts)]
        assert functions.outputs(point, np.zeros(0)).tolist() == expected


def test_conditions_are_drawn_with_words_or_signs():
    choice = parse("piecewise(not (a < b and b != c) xor c == 1, 1, 2)", NAMES)
    assert r"\neg \left(a < b \wedge b \neq c\right)" in LatexPrinter().doprint(choice)
    drawn = Printer({symbol: f"<mi>{name}</mi>" for name, symbol in NAMES.items()}).markup(choice)
    for part in ("<mtext>not </mtext>", "<mtext> and </mtext>", "<mtext> xor </mtext>", "<mo>≠</mo>"):
        assert part in drawn


def test_identifiability_refuses_a_condition_that_it_cannot_decide():
    states = [State(name="a", unit="1", initial=0, rate=parse("piecewise(a == 2 or a > 3, 1, 0)", {"a": A}))]
    model = Model.from_symbols("jumping", time="1", states=states)
    with pytest.raises(InputError, match="identifiability cannot be decided with"):
        build_program(model, ["a"], {}, [])


def test_sides_of_a_comparison_are_of_one_dimension():
    units = {A: parse_unit("mg"), B: parse_unit("g"), C: parse_unit("1/day")}
    dimensions = Dimensions(units)
    _, converted = dimensions.infer(parse("piecewise(a == b and not c > 0, 1, 2)", NAMES))
    assert converted.args[0][1] == sp.And(sp.Eq(A, 1000 * B), C <= 0)
    with pytest.raises(InputError, match="beside it"):
        dimensions.infer(parse("piecewise(a < b xor a == c, 1, 2)", NAMES))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("factorial(1e9)", "not a finite real number"),
        ("factorial(171)", "not a finite real number"),
        ("factorial(2.5)", "not a finite real number"),
        ("factorial(-1)", "not a finite real number"),
        ("asin(2)", "not a finite real number"),
        ("acosh(0.5)", "not a finite real number"),
        ("atanh(1)", "not a finite real number"),
        ("cosh(1e6)", "not a finite real number"),
        ("sin(a, b)", "sin takes 1 argument"),
        ("factorial(a < b)", "expected ')'"),
        ("sin", "unknown name 'sin'"),
    ],
)
def test_calls_without_a_value_are_refused(text, message):
    with pytest.raises((InputError, UnknownNameError)) as error:
        parse(text, NAMES)
    assert message in str(error.value)


def test_functions_stay_as_they_are_written():
    """SymPy's own would be a root of radicals, a root of a square, a number of a thousand digits."""
    for text in ("sin(acos(a))", "cos(factorial(5)/7)", "sinh(asinh(a))*factorial(170)", "ceil(a + 1) - floor(-a)"):
        assert not parse(text, NAMES).has(sp.sin, sp.cos, sp.sinh, sp.floor, sp.factorial), text
    assert evaluate(parse("sin(acos(0.6))", NAMES), {}) == pytest.approx(0.8, rel=1e-15)


def test_functions_take_no_unit():
    dimensions = Dimensions({A: parse_unit("mg"), B: parse_unit("g")})
    assert dimensions.convert(parse("sin(a/b)", NAMES), parse_unit("1")) == parse("sin(a/(1000*b))", NAMES)
    with pytest.raises(InputError, match="floor of 'a', which has unit 'mg'"):
        dimensions.infer(parse("floor(a)", NAMES))
