"""Patients side by side: elementary functions without branches, and wide functions that do what one patient's do."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit, types

from kinetics.compile import compile_model
from kinetics.compile.elementary import exponential, logarithm, power
from kinetics.files.library import library_names
from kinetics.model import Model

SPECIAL = (0.0, -2.0, -1.5, 1.0, 2.5, math.inf, -math.inf, math.nan)
EXPONENTS = (0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, -0.5, 0.3, math.nan)


@given(st.floats(1e-300, 1e300), st.floats(-20, 20))
def test_powers_are_those_of_the_c_library(base, exponent):
    logarithm = exponent * math.log(base)
    if abs(logarithm) < 700:
        assert power(base, exponent) == pytest.approx(math.exp(logarithm), rel=2e-15 * max(1.0, abs(logarithm)))


@pytest.mark.parametrize("base", SPECIAL)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_powers_of_what_is_no_positive_number(base, exponent):
    with np.errstate(all="ignore"):
        expected = float(np.power(base, exponent))
    # The standard has 1 for NaN to the power of 0, and for 1 to the power of NaN.
    if math.isnan(base) or math.isnan(exponent) or (base == -math.inf and exponent % 1):
        assert math.isnan(power(base, exponent))
    else:
        assert power(base, exponent) == pytest.approx(expected, rel=1e-14, nan_ok=True)


@given(st.floats(1e-307, 1e307))
def test_logarithms_are_those_of_the_c_library(x):
    assert logarithm(x) == pytest.approx(math.log(x), rel=4e-16, abs=4e-16)


@given(st.floats(-707, 708))
def test_exponentials_are_those_of_the_c_library(x):
    assert exponential(x) == pytest.approx(math.exp(x), rel=2e-15)


def test_logarithms_and_exponentials_at_the_ends():
    assert (logarithm(0.0), logarithm(math.inf), exponential(-math.inf)) == (-math.inf, math.inf, 0.0)
    assert (exponential(math.inf), exponential(1000.0), exponential(0.0)) == (math.inf, math.inf, 1.0)
    assert all(math.isnan(value) for value in (logarithm(-1.0), logarithm(math.nan), exponential(math.nan)))


@pytest.mark.parametrize("name", library_names("models"))
def test_each_lane_does_what_one_patient_does(name):
    system = compile_model(Model.load(name))
    functions, generator = system.functions, np.random.default_rng(5)
    lanes, typical = functions.LANES, system.constants(system.parameter_array())
    c = typical * generator.uniform(0.8, 1.2, (lanes, typical.size))
    y = np.array([functions.initial(own) for own in c]) * generator.uniform(0.1, 2.0, (lanes, functions.STATES)) + 1e-3
    w = generator.uniform(1.0, 100.0, lanes)
    wide_y, wide_c = (np.ascontiguousarray(array.T).ravel() for array in (y, c))
    rate, outputs, lu = (np.zeros(size * lanes) for size in (y.shape[1], functions.OUTPUTS, functions.FACTORS))
    functions.fill_rate_lanes(wide_y, wide_c, rate)
    functions.fill_outputs_lanes(wide_y, wide_c, outputs)
    functions.factor_lanes(wide_y, wide_c, w, lu)
    jacobian = np.zeros(functions.JACOBIAN.shape[1] * lanes)
    functions.fill_jacobian_lanes(wide_y, wide_c, jacobian)
    solved = rate.copy()
    functions.solve_lanes(lu, solved)
    for q in range(lanes):
        own_rate, own_lu = np.empty(functions.STATES), np.empty(functions.FACTORS)
        functions.fill_rate(y[q], c[q], own_rate)
        functions.factor(y[q], c[q], w[q], own_lu)
        size = np.abs(own_rate).max()
        np.testing.assert_allclose(rate.reshape(-1, lanes)[:, q], own_rate, rtol=1e-10, atol=1e-13 * size)
        np.testing.assert_allclose(outputs.reshape(-1, lanes)[:, q], functions.outputs(y[q], c[q]), rtol=1e-12)
        np.testing.assert_allclose(lu.reshape(-1, lanes)[:, q], own_lu, rtol=1e-8, atol=1e-12)
        own_jacobian = np.empty(functions.JACOBIAN.shape[1])
        functions.fill_jacobian(y[q], c[q], own_jacobian)
        size = np.abs(own_jacobian).max()
        np.testing.assert_allclose(jacobian.reshape(-1, lanes)[:, q], own_jacobian, rtol=1e-9, atol=1e-13 * size)
        functions.solve(own_lu, own_rate)
        size = np.abs(own_rate).max()
        np.testing.assert_allclose(solved.reshape(-1, lanes)[:, q], own_rate, rtol=1e-8, atol=1e-13 * size)


FLAT = types.float64[::1]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("fill_rate_lanes", 3),
        ("fill_jacobian_lanes", 3),
        ("factor_lanes", 4),
        ("solve_lanes", 2),
        ("solve_sensitivities", 3),
        ("add_jacobian_product", 3),
        ("add_jacobians_product", 3),
        ("fill_jacobian_changes", 3),
    ],
)
def test_lanes_of_a_large_model_are_vectors(name, arguments):
    compiled = getattr(compile_model(Model.load("consequences")).functions, name)
    # as it is compiled for use, but now: of code from the cache numba shows nothing
    fresh = njit((FLAT,) * arguments, **{key: compiled.targetoptions[key] for key in ("error_model", "fastmath")})
    (text,) = fresh(compiled.py_func).inspect_llvm().values()
    assert "vector.body" in text
    assert re.search(r"fmul.* <\d+ x double>", text)
