"""Elementary functions as compiled, in lanes and in a scalar, against mpmath in a hundred digits."""

import ctypes

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import example, given
from hypothesis import strategies as st

from kinetics.compile import LANES, compile_model
from kinetics.expressions import ELEMENTARY, LARGEST_ANGLE, evaluate
from kinetics.model import Model, Output, Parameter, State

X = sp.Symbol("x", real=True)
CIRCULAR = ("sin", "cos", "tan")
WHOLE = ("floor", "ceil", "factorial")
LARGEST = 1e307  # what is beyond may count as infinite


@pytest.fixture(scope="module")
def functions():
    """All functions of the state x as outputs, in the order of `ELEMENTARY`."""
    outputs = [Output(name=f"{name}_of_x", unit="1", value=kind(X)) for name, kind in ELEMENTARY.items()]
    states = [State(name="x", unit="1", initial=0, rate=0)]
    return compile_model(Model.from_symbols("elementary", time="1", states=states, outputs=outputs)).functions


def of_scalars(functions, points):
    """(function, point)."""
    return functions.output_table(np.array(points, dtype=float)[:, None], np.zeros(0)).T


def of_lanes(functions, points):
    """(function, point), of as many points as there are lanes."""
    loaded = functions.compiled("outputs", LANES)
    arrays = [np.array(points, dtype=float), np.zeros(LANES), np.empty((loaded.size, LANES))]
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(arrays))(loaded.address)
    call(*(array.ctypes.data for array in arrays))
    return arrays[-1]


def truth(name, x):
    """NaN outside of the domain."""
    if name in CIRCULAR and abs(x) > LARGEST_ANGLE:
        return mpmath.nan
    if name == "factorial":
        if x < 0 or x != np.floor(x):
            return mpmath.nan
        return mpmath.factorial(x) if x <= 170 else mpmath.inf
    if name == "atanh" and abs(x) == 1:
        return x * mpmath.inf
    value = getattr(mpmath, name)(mpmath.mpf(x))
    return mpmath.nan if isinstance(value, mpmath.mpc) and value.imag else mpmath.re(value)


def check(name, x, found):
    with mpmath.workdps(100):
        expected = truth(name, x)
        where = f"{name}({x!r}) = {found!r}, expected {mpmath.nstr(expected, 17)}"
        if mpmath.isnan(expected):
            assert np.isnan(found), where
        elif abs(expected) > LARGEST:
            assert mpmath.sign(expected) * found > LARGEST, where
        else:
            assert abs(found - expected) <= 1e-15 * abs(expected) + 1e-320, where


POINTS = st.one_of(
    st.floats(-1.0, 1.0),
    st.floats(-800.0, 800.0),
    st.floats(-1e16, 1e16),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-5, 200).map(float),
    st.integers(-(2**40), 2**40).map(lambda quarters: quarters * np.pi / 2),
    st.floats(-16.0, 1.0).map(lambda digits: 1.0 + 10.0**digits),
)


@given(st.lists(POINTS, min_size=LANES, max_size=LANES))
@example([0.0, -0.0, 1.0, -1.0, 5e-324, 1.7e308, 170.0, 171.0])
@example([2.0**52, -(2.0**52), 2.0**53, 0.5, -0.5, 709.0, -709.0, 2.0**28])
@example([np.pi / 4, 6381956970095103 * 2.0**-2, 5.319372648326541e15 / 2, 22.0, 355.0, 1e15, 1e-8, 1e-160])
def test_values_are_those_of_mpmath_and_lanes_have_the_bits_of_scalars(functions, points):
    scalars = of_scalars(functions, points)
    assert scalars.tobytes() == of_lanes(functions, points).tobytes()
    for name, row in zip(ELEMENTARY, scalars, strict=True):
        for x, found in zip(points, row, strict=True):
            check(name, x, found)


def test_nothing_and_infinity(functions):
    table = dict(zip(ELEMENTARY, of_scalars(functions, [np.nan, np.inf, -np.inf]).tolist(), strict=True))
    assert np.isnan([row[0] for row in table.values()]).all()
    assert np.isnan([table[name][1:] for name in (*CIRCULAR, "asin", "acos", "atanh")]).all()
    assert table["atan"][1:] == [np.pi / 2, -np.pi / 2]
    assert table["tanh"][1:] == [1.0, -1.0]
    for name in ("sinh", "asinh", "floor", "ceil"):
        assert table[name][1:] == [np.inf, -np.inf], name
    assert table["cosh"][1:] == [np.inf, np.inf]
    assert (table["acosh"][1], table["factorial"][1]) == (np.inf, np.inf)
    assert np.isnan([table["acosh"][2], table["factorial"][2]]).all()


@given(POINTS)
def test_numbers_are_worked_out_as_compiled(functions, x):
    """A call of a number is folded by NumPy: to its accuracy the same number."""
    for kind, found in zip(ELEMENTARY.values(), of_scalars(functions, [x])[:, 0], strict=True):
        folded = evaluate(kind(X), {X: x})
        assert folded == pytest.approx(found, rel=1e-14, nan_ok=True) or abs(found) > LARGEST or abs(folded) > LARGEST


AT = [-7.3, -0.9, -0.05, 0.02, 0.7, 0.995, 1.02, 2.5, 11.0]
SLOPED = [name for name in ELEMENTARY if name not in WHOLE]


INSIDE = [(name, x) for name in SLOPED for x in AT if not mpmath.isnan(truth(name, x))]


@pytest.mark.parametrize(("name", "x"), INSIDE)
def test_derivatives_are_those_of_mpmath(functions, name, x):
    index = list(ELEMENTARY).index(name)
    found = functions.outputs_by_state(np.array([x]), np.zeros(0))[index, 0]
    with mpmath.workdps(60):
        slope = mpmath.diff(getattr(mpmath, name), mpmath.mpf(x))
        assert found == pytest.approx(float(slope), rel=1e-13)


@pytest.mark.parametrize("name", SLOPED)
def test_symbolic_derivatives_are_the_same(name):
    x = 1.2 if name == "acosh" else 0.3
    with mpmath.workdps(40):
        slope = float(mpmath.diff(getattr(mpmath, name), mpmath.mpf(x)))
    assert evaluate(sp.diff(ELEMENTARY[name](X), X), {X: x}) == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize("name", WHOLE)
def test_functions_of_whole_numbers_have_no_slope(functions, name):
    index = list(ELEMENTARY).index(name)
    assert functions.outputs_by_state(np.array([3.0]), np.zeros(0))[index, 0] == 0.0
    assert sp.diff(ELEMENTARY[name](X), X) == 0


def test_second_derivatives_are_differences_of_first():
    """Exact sensitivities need them."""
    y, k = sp.symbols("y k", real=True)
    rate = k * ELEMENTARY["tan"](X) * ELEMENTARY["atanh"](y) + ELEMENTARY["acos"](y) * ELEMENTARY["asinh"](X)
    model = Model.from_symbols(
        "curved",
        time="1",
        parameters=[Parameter(name="k", value=1.5, unit="1")],
        states=[State(name="x", unit="1", initial=0, rate=rate), State(name="y", unit="1", initial=0, rate=0)],
    )
    f = compile_model(model).functions
    at, c, h = np.array([0.4, 0.3]), np.array([1.5]), np.array([1e-6, 0.0])
    by_x = (f.rate_by_constant(at + h, c) - f.rate_by_constant(at - h, c))[0, 0] / 2e-6
    assert by_x == pytest.approx(np.arctanh(0.3) / np.cos(0.4) ** 2, rel=1e-8)
