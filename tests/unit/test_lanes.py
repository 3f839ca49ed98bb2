"""Machine code of functions: elementary functions without branches, and lanes that do what one patient's code does."""

import ctypes
import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite import binding

from kinetics.compile import LANES, compile_model
from kinetics.compile.assembly import Function, assembly
from kinetics.compile.assembly.statements import entry_of
from kinetics.compile.definitions import NAMES, describe
from kinetics.compile.equations import Equations
from kinetics.compile.graph import Graph, reachable
from kinetics.compile.instructions import Width
from kinetics.compile.memory import address
from kinetics.compile.object_code import linked, machine_code
from kinetics.files.library import library_names
from kinetics.model import Model

SPECIAL = (0.0, -2.0, -1.5, 1.0, 2.5, math.inf, -math.inf, math.nan)
EXPONENTS = (0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, -0.5, 0.3, math.nan)


def compiled(function: Function, lanes: int, *, fused: bool = True):
    """A function of arrays."""
    text = assembly("function", function, Width(lanes), fused=fused)
    binding.parse_assembly(text).verify()
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(function.arrays))(linked("function", machine_code(text)))
    return lambda *arrays: call(*map(address, arrays))


@cache
def elementary(operation: str, lanes: int):
    """An elementary function of arrays of as many numbers as there are lanes."""
    graph = Graph()
    count = 2 if "power" in operation else 1
    arrays = ("x", "y")[:count]
    node = graph.apply(operation, *(graph.input(array, 0) for array in arrays))
    call = compiled(Function((*arrays, "out"), [("out", 0, node)]), lanes)

    def apply(*values: float) -> float:
        given = [np.full(max(1, lanes), value) for value in values]
        out = np.empty(max(1, lanes))
        call(*given, out)
        assert len({number.tobytes() for number in out}) == 1
        return float(out[0])

    return apply


def power(base: float, exponent: float) -> float:
    return elementary("power", 0)(base, exponent)


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


def test_powers_in_derivatives_are_finite_at_zero():
    finite, logarithmic = elementary("finite_power", 0), elementary("log_power", 0)
    assert (finite(0.0, -0.3), finite(0.0, 0.0)) == (0.0, 1.0)
    assert finite(4.0, -0.5) == pytest.approx(0.5, rel=1e-15)
    assert (logarithmic(0.0, 0.7), logarithmic(1.0, 0.7)) == (0.0, 0.0)
    assert logarithmic(4.0, 0.5) == pytest.approx(2 * math.log(4.0), rel=1e-15)


@given(st.floats(1e-307, 1e307))
def test_logarithms_are_those_of_the_c_library(x):
    assert elementary("log", 0)(x) == pytest.approx(math.log(x), rel=4e-16, abs=4e-16)


@given(st.floats(-707, 708))
def test_exponentials_are_those_of_the_c_library(x):
    assert elementary("exp", 0)(x) == pytest.approx(math.exp(x), rel=2e-15)


def test_logarithms_and_exponentials_at_the_ends():
    logarithm, exponential = elementary("log", 0), elementary("exp", 0)
    assert (logarithm(0.0), logarithm(math.inf), exponential(-math.inf)) == (-math.inf, math.inf, 0.0)
    assert (exponential(math.inf), exponential(1000.0), exponential(0.0)) == (math.inf, math.inf, 1.0)
    assert all(math.isnan(value) for value in (logarithm(-1.0), logarithm(math.nan), exponential(math.nan)))


@given(st.floats(allow_nan=False), st.floats(-30, 30))
def test_elementary_functions_have_the_same_bits_in_lanes(x, y):
    for operation, arguments in (("exp", (x,)), ("log", (x,)), ("power", (x, y)), ("log_power", (x, y))):
        alone, lanes = (elementary(operation, width)(*arguments) for width in (0, LANES))
        assert np.float64(alone).tobytes() == np.float64(lanes).tobytes()


@pytest.mark.parametrize("name", library_names("models"))
def test_each_lane_has_the_bits_of_one_patient(name):
    model = Model.load(name)
    system, equations, generator = compile_model(model), Equations(model), np.random.default_rng(5)
    functions, typical = system.functions, system.constants(system.parameter_array())
    c = typical * generator.uniform(0.8, 1.2, (LANES, typical.size))
    y = functions.initial_table(c) * generator.uniform(0.1, 2.0, (LANES, len(system.states))) + 1e-3
    w = generator.uniform(1.0, 100.0, (LANES, 1))
    coefficients = functions._table("coefficients", c)
    for function, arrays in (
        ("rate", (y, c)),
        ("outputs", (y, c)),
        ("jacobian", (y, c)),
        ("factor", (y, c, coefficients, w)),
    ):
        described = describe(equations, function, 0).function
        size = len(described.results)
        alone, wide, scalar = np.empty((LANES, size)), np.empty((size, LANES)), compiled(described, 0)
        for q in range(LANES):
            scalar(*(np.ascontiguousarray(array[q]) for array in arrays), alone[q])
        compiled(described, LANES)(*(np.ascontiguousarray(array.T) for array in arrays), wide)
        np.testing.assert_array_equal(wide.T, alone, err_msg=function)


def test_without_an_instruction_for_a_product_and_a_sum_both_are_rounded():
    graph = Graph()
    x, y, z = (graph.input(array, 0) for array in "xyz")
    function, out = Function(("x", "y", "z", "out"), [("out", 0, x * y + z)]), np.empty(2)
    arrays = [np.array([value]) for value in (1 + 2.0**-30, 1 - 2.0**-30, -1.0)]
    compiled(function, 0, fused=True)(*arrays, out[:1])
    compiled(function, 0, fused=False)(*arrays, out[1:])
    assert out.tolist() == [-(2.0**-60), 0.0]


def test_the_code_of_lanes_is_vectors():
    equations = Equations(Model.load("reconstitution"))
    for name in ("stage", "factor", "combine_7", "interpolate", "tangent_stage"):
        described = describe(equations, name, LANES)
        text = assembly(name, described.function, described.width, fused=True)
        assert "call <8 x double> @llvm.fma.v8f64" in text
        assert "= fadd double" not in text


def applied(function: Function, lanes: int, code: bytes) -> np.ndarray:
    """What compiled code leaves in its arrays, which begin with numbers about 1."""
    sizes = dict.fromkeys(function.arrays, 1)
    nodes = reachable(node for *_, node in function.results)
    read = [entry_of(node) for node in nodes if node.operation == "input"]
    for array, index in read + [(array, index) for array, index, _ in function.results]:
        sizes[array] = max(sizes[array], index + function.repeats)
    generator = np.random.default_rng(3)
    arrays = [generator.uniform(0.9, 1.1, size * max(1, lanes)) for size in sizes.values()]
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(arrays))(linked("function", code))
    call(*map(address, arrays))
    return np.concatenate(arrays)


@pytest.mark.skipif("x86_64" not in binding.get_default_triple(), reason="of that processor alone")
@pytest.mark.parametrize("name", ["rate", "outputs", "kinks", "factor", "stage", "error", "combine_7", "interpolate"])
def test_a_processor_without_wide_registers_computes_the_same_lanes(name):
    """The first of its kind had two numbers in a register, and neither an instruction for a floor nor a fused one."""
    first = binding.Target.from_default_triple().create_target_machine(cpu="x86-64", features="", opt=3, jit=True)
    described = describe(Equations(Model.load("reconstitution")), name, LANES)
    function, width = described.function, described.width
    old, new = (assembly("function", function, width, fused=fused) for fused in (False, True))
    code = first.emit_object(binding.parse_assembly(old)), machine_code(new)
    found, expected = (applied(function, LANES, each) for each in code)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-macosx", "x86_64-pc-windows-msvc"])
def test_the_text_is_for_any_processor(triple):
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    machine = binding.Target.from_triple(triple).create_target_machine(opt=3)
    equations = Equations(Model.load("alemtuzumab"))
    for name in NAMES:
        described = describe(equations, name, LANES)
        module = binding.parse_assembly(assembly(name, described.function, described.width, fused=True))
        module.triple = triple
        assert machine.emit_object(module)
