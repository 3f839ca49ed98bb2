"""Compiled code: what is generated, under which key it is kept, where, and when it is made again."""

import ast
import ctypes
import importlib.util
import os
import re
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from kinetics.cli.terminal.compilation import Compilation
from kinetics.compile import LANES, cache, checked_files, compile_model, object_code
from kinetics.compile.assembly import assembly
from kinetics.compile.cache import cache_folder, source_key
from kinetics.compile.definitions import describe
from kinetics.compile.equations import Equations
from kinetics.compile.functions import Functions
from kinetics.compile.memory import address
from kinetics.engines.batch import machine_code
from kinetics.engines.batch.kernels import problems
from kinetics.errors import UnknownNameError
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.model.quantities import Derived, Input, Output, Parameter, State
from kinetics.reduction import Rest

X, Y, A, B = (sp.Symbol(name, real=True) for name in "xyab")


def model(
    rate=-A * X, *, value: float = 0.5, unit: str = "1/day", name: str = "made", minimum: float | None = None
) -> Model:
    return Model.from_symbols(
        name,
        time="day",
        parameters=[Parameter(name="a", value=value, unit=unit)],
        derived=[Derived(name="b", value=2 * A, unit=unit, minimum=minimum)],
        states=[State(name="x", unit="1", initial=1, rate=rate)],
        outputs=[Output(name="y", unit="1", value=X)],
    )


# --- the key


def test_key_does_not_change_with_values_names_or_words():
    key = source_key([], model().structure_hash)
    assert source_key([], model(value=0.7).structure_hash) == key
    assert source_key([], model(name="other").structure_hash) == key
    assert re.fullmatch("[0-9a-f]{24}", key)


@pytest.mark.parametrize("other", [{"rate": -2 * A * X}, {"rate": -A * X**2}, {"rate": -B * X}, {"unit": "1/hour"}])
def test_key_changes_with_equations_and_units(other):
    assert source_key([], model(**other).structure_hash) != source_key([], model().structure_hash)


def test_key_changes_with_the_generator(tmp_path):
    generator = tmp_path / "source.py"
    generator.write_text("one")
    before = source_key([generator], "structure")
    generator.write_text("two")
    assert source_key([generator], "structure") != before


@pytest.mark.parametrize("position", range(7))
def test_key_changes_with_versions_and_processor(monkeypatch, position):
    environment = cache._environment()
    assert len(environment) == 7  # package, Python, processor, numba, llvmlite, sympy, numpy
    before = source_key([], "structure")
    changed = [*environment]
    changed[position] += "1"
    monkeypatch.setattr(cache, "_environment", lambda: tuple(changed))
    assert source_key([], "structure") != before


def test_the_generators_own_files_are_in_the_key(monkeypatch):
    from kinetics.compile import system

    seen = []
    monkeypatch.setattr(
        system, "source_key", lambda sources, *parts: seen.append((set(sources), parts)) or source_key(sources, *parts)
    )
    compile_model(model())
    sources, parts = seen[0]
    package = Path(object_code.__file__).parents[1]
    names = ("compile/object_code.py", "compile/assembly/pieces.py", "reduction/rest.py", "expressions/evaluation.py")
    assert {package / name for name in names} <= sources
    assert parts == (model().structure_hash, repr(Rest.none(model())))


def test_the_key_of_the_loops_has_every_module_that_they_take_names_from(monkeypatch):
    """Numba compiles numbers of other modules in, such as how many lanes there are."""
    kernels, used = Path(problems.__file__).parent, set()
    for path in kernels.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kinetics."):
                used.add(Path(importlib.util.find_spec(node.module).origin))
    monkeypatch.setattr(machine_code, "source_key", lambda sources: set(sources))
    assert used <= machine_code._key.__wrapped__(kernels)


# --- the folder


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_folder_is_the_users_own(own_cache):
    before = os.umask(0o002)
    try:
        assert cache_folder() == own_cache
        Functions(model(), "0" * 24).initial(np.ones(2))
    finally:
        os.umask(before)
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o700
    assert stat.S_IMODE((own_cache / ("0" * 24)).stat().st_mode) == 0o700


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_others_may_write_to_is_not_used(own_cache, mode):
    own_cache.mkdir()
    own_cache.chmod(mode)
    with pytest.warns(UserWarning, match="others may write to it"):
        used = cache_folder()
    assert used != own_cache
    assert stat.S_IMODE(used.stat().st_mode) == 0o700
    assert used.name.startswith("lymphokinetics-")
    assert list(used.iterdir()) == list(own_cache.iterdir()) == []
    used.rmdir()


def test_a_folder_of_somebody_else_is_not_used(own_cache, monkeypatch):
    if os.name == "nt":
        pytest.skip("owners are POSIX's")
    own_cache.mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: own_cache.stat().st_uid + 1)
    with pytest.warns(UserWarning, match="belongs to somebody else"):
        used = cache_folder()
    assert used != own_cache
    used.rmdir()


def test_a_folder_that_cannot_be_made_is_replaced(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LYMPHOKINETICS_CACHE", str(tmp_path / "file" / "folder"))
    cache_folder.cache_clear()
    with pytest.warns(UserWarning, match="cannot keep compiled code"):
        used = cache_folder()
    cache_folder.cache_clear()
    assert used.is_dir()
    used.rmdir()


def test_fallback_is_a_fresh_folder_each_time(own_cache):
    own_cache.mkdir()
    own_cache.chmod(0o777)
    used = set()
    for _ in range(2):
        cache_folder.cache_clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            used.add(cache_folder())
    assert len(used) == 2
    for place in used:
        place.rmdir()


def test_code_that_was_used_longest_ago_is_removed(own_cache, monkeypatch):
    monkeypatch.setattr(cache, "MOST_KEYS", 2)
    own_cache.mkdir(mode=0o700)
    keys = [own_cache / (digit * 24) for digit in "0123"]
    for folder in (*keys, own_cache / "searches"):
        checked_files.write_checked(folder / "rate_0.object", b"code")
    (keys[1] / "notes.txt").write_text("of somebody")
    for age, folder in enumerate((own_cache / "searches", *keys)):
        os.utime(folder, (age, age))
    assert checked_files.read_checked(keys[0] / "rate_0.object") == b"code"
    cache_folder()
    left = sorted(str(path.relative_to(own_cache)) for path in own_cache.rglob("*.*"))
    names = (keys[0] / "rate_0.object", keys[1] / "notes.txt", keys[3] / "rate_0.object")
    assert left == [*(str(name.relative_to(own_cache)) for name in names), "searches/rate_0.object"]
    assert not keys[2].exists()


# --- the files


def test_code_is_made_once_and_of_the_functions_that_are_called_alone(own_cache, monkeypatch):
    key, values = "1" * 24, np.ones(2)
    first = Functions(model(), key).rate(np.ones(1), values, np.zeros(1))
    assert [path.name for path in (own_cache / key).iterdir()] == ["rate_0.object"]
    monkeypatch.setattr(object_code, "machine_code", lambda _: pytest.fail("made again"))
    second = Functions(model(), key)
    np.testing.assert_array_equal(second.rate(np.ones(1), values, np.zeros(1)), first)
    assert "_equations" not in vars(second)  # nothing is derived from the model


def test_what_cannot_be_described_leaves_nothing(own_cache, monkeypatch):
    def fail(*_):
        raise RuntimeError("no text")

    monkeypatch.setattr("kinetics.compile.functions.describe", fail)
    with pytest.raises(RuntimeError, match="no text"):
        Functions(model(), "2" * 24).initial(np.ones(2))
    assert not (own_cache / ("2" * 24)).exists()


def test_a_reader_who_waits_is_told_what_is_compiled(own_cache, monkeypatch):
    told, compilation = [], Compilation()

    def described(*request):
        told.append(str(compilation))
        return describe(*request)

    monkeypatch.setattr("kinetics.compile.functions.describe", described)
    Functions(model(), "5" * 24).initial(np.ones(2))
    assert [re.sub(r"\d+", "n", text) for text in told] == ["compiling the model, n functions done"]
    assert str(compilation) == ""
    compilation.on_start(None)
    assert str(compilation) == "compiling the engine for its first use, 0 loops done"


@pytest.mark.parametrize("array", [np.ones(4)[::2], np.ones(2, dtype=int), [1.0, 1.0]])
def test_arrays_of_any_layout_are_read(array):
    functions = compile_model(model()).functions
    assert functions.initial(array).tolist() == functions.initial_table(np.asarray(array)[None]).tolist()[0] == [1.0]


def test_an_array_with_gaps_has_no_address():
    with pytest.raises(ValueError, match=r"numbers side by side, found strides \(16,\)"):
        address(np.ones(4)[::2])


def test_arrays_of_another_length_are_refused():
    with pytest.raises(ValueError, match="could not broadcast"):
        compile_model(model()).functions.initial(np.ones(3))


def test_a_processor_without_wide_registers_is_told_and_gets_the_same_numbers(own_cache, monkeypatch):
    values = compile_model(model()).functions.rate(np.ones(1), np.full(2, 0.3), np.zeros(1))
    features = type("Features", (dict,), {"flatten": lambda self: "+sse2"})(sse2=True, avx2=False, fma=False)
    monkeypatch.setattr(object_code.binding, "get_host_cpu_features", lambda: features)
    monkeypatch.setattr(object_code.binding, "get_host_cpu_name", lambda: "x86-64")
    object_code._machine.cache_clear()
    try:
        with pytest.warns(UserWarning, match="this processor has no AVX2"):
            again = Functions(model(), "3" * 24).rate(np.ones(1), np.full(2, 0.3), np.zeros(1))
    finally:
        object_code._machine.cache_clear()
    np.testing.assert_allclose(again, values, rtol=1e-15)


# --- the model beside the code


def test_models_that_share_code_keep_their_own_words_and_bounds():
    one, other = compile_model(model()), compile_model(model(name="other", minimum=0.8))
    assert one.functions is other.functions
    assert (one.model.name, other.model.name) == ("made", "other")
    constants = one.constants(one.parameter_array({"a": 0.3}))
    assert one.out_of_range(constants) == []
    assert other.out_of_range(constants) == ["b"]


def test_what_is_not_finite_counts_as_below_its_minimum():
    system = compile_model(model())
    assert system.out_of_range(np.array([np.nan, np.nan])) == ["a", "b"]


def test_parameters_by_name_dotted_or_flat():
    system = compile_model(Model.load("reconstitution"))
    by_dot, by_line = (system.parameter_array({name: 0.123}) for name in ("cd4.phi", "cd4_phi"))
    np.testing.assert_array_equal(by_dot, by_line)
    assert by_dot[system.parameters.index("cd4_phi")] == 0.123
    assert system.row("CD4") == ("output", system.outputs.index("CD4"))
    assert system.row("cd4_M4_b") == ("state", list(system.model.states).index("cd4_M4_b"))
    for wrong in (lambda: system.parameter_array({"cd4.phy": 1.0}), lambda: system.row("CD5")):
        with pytest.raises(UnknownNameError):
            wrong()


# --- the text


@pytest.mark.parametrize("name", library_names("models"))
def test_assembly_holds_generated_names_alone(name):
    loaded = Model.load(name)
    for function in ("constants", "start", "rate", "outputs", "stage"):
        described = describe(Equations(loaded), function, 0)
        text = assembly(function, described.function, described.width, fused=True)
        names = set(re.findall(r"[%@]([A-Za-z_][\w.]*)", text))
        generated = rf"v\d+(\.at|\.minus|\.kept)?|to\.\w+\.\d+(\.in)?|llvm\.\w+\.f64|{function}(\.\d+)?"
        assert {n for n in names if not re.fullmatch(generated, n)} <= {"kept", *described.function.arrays}
        biology = [n for n in (*loaded.parameters, *loaded.states, *loaded.outputs, *loaded.derived) if len(n) > 2]
        assert not [n for n in biology if n not in described.function.arrays and re.search(rf"\b{n}\b", text)]


def test_assembly_is_deterministic():
    code = "import hashlib; from kinetics.model import Model; from kinetics.compile.assembly import assembly\n"
    code += "from kinetics.compile.definitions import describe; from kinetics.compile.equations import Equations\n"
    code += "found = describe(Equations(Model.load('reconstitution')), 'stage_by_constant', 0)\n"
    code += "text = assembly('f', found.function, found.width, fused=True)\n"
    code += "print(hashlib.sha256((text + str(found.entries)).encode()).hexdigest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_names_like_those_of_generated_code_do_no_harm():
    """States called c0 and x0, parameters called y0 and p0: each keeps its own place."""
    c0, x0, y0, p0, out = sp.symbols("c0 x0 y0 p0 out")
    shared = sp.sqrt(y0 * c0 + p0 * x0)
    made = Model.from_symbols(
        "clash",
        time="day",
        parameters=[Parameter(name=n, value=v, unit="1") for n, v in (("y0", 2.0), ("p0", 3.0))]
        + [Parameter(name="out", value=1.0, unit="1/day")],
        states=[
            State(name="c0", unit="1", initial=5, rate=out * (shared + y0)),
            State(name="x0", unit="1", initial=7, rate=out * (shared - p0 * c0)),
        ],
    )
    system = compile_model(made)
    c = system.constants(system.parameter_array())
    y = system.functions.initial(c)
    root = np.sqrt(2 * 5 + 3 * 7)
    np.testing.assert_allclose(system.functions.rate(y, c, np.zeros(2)), [root + 2, root - 15], rtol=1e-15)


GRAMMAR = {
    "powers": X**2 - 3 * X**-1 + X ** sp.Rational(1, 2) / 7 + X ** sp.Rational(-3, 2),
    "power of a parameter": X**A - (X + 1) ** (-A),
    "exponentials": sp.exp(-A * X) + sp.log(X + A) - 1 / sp.exp(X),
    "maximum": sp.Max(0, X - A, A / 3) + sp.Min(X, 2 * A, 9),
    "modulus": sp.Abs(X - 2 * A) * X,
    "pieces": sp.Piecewise((X**2, X < A), (A * X, X < 2), (3 + X, True)),
    "quotients": (X + A) / (1 + X / (A + 2)) - sp.Rational(1, 3) * X / 7,
}


@pytest.mark.parametrize("expression", GRAMMAR.values(), ids=GRAMMAR)
@pytest.mark.parametrize(("x", "a"), [(0.3, 0.7), (2.5, 0.7), (1.7, 1.9)])
def test_compiled_values_and_derivatives_are_those_of_sympy(expression, x, a):
    made = Model.from_symbols(
        "grammar",
        time="day",
        parameters=[Parameter(name="a", value=a, unit="1"), Parameter(name="k", value=1.0, unit="1/day")],
        inputs=[Input(name="b", unit="1", rest=0.0)],
        states=[State(name="x", unit="1", initial=1, rate=sp.Symbol("k", real=True) * expression)],
        outputs=[Output(name="y", unit="1", value=expression)],
    )
    system = compile_model(made)
    f, c, y = system.functions, system.constants(system.parameter_array()), np.array([x])

    def truth(e) -> float:
        return float(e.subs({X: sp.Float(x, 30), A: sp.Float(a, 30)}).evalf(30))

    def slope(symbol, h=1e-9) -> float:
        """A difference in thirty digits: no derivative rule is trusted."""
        at = {X: sp.Float(x, 40), A: sp.Float(a, 40)}
        up, down = ({**at, symbol: at[symbol] + s * sp.Float(h, 40)} for s in (1, -1))
        return float((expression.subs(up).evalf(40) - expression.subs(down).evalf(40)) / (2 * sp.Float(h, 40)))

    assert f.rate(y, c, np.zeros(1))[0] == pytest.approx(truth(expression), rel=1e-14)
    assert f.outputs(y, c)[0] == pytest.approx(truth(expression), rel=1e-14)
    assert f.jacobian(y, c)[0, 0] == pytest.approx(slope(X), rel=1e-12, abs=1e-14)
    assert f.outputs_by_state(y, c)[0, 0] == pytest.approx(slope(X), rel=1e-12, abs=1e-14)
    assert f.rate_by_constant(y, c)[0, 0] == pytest.approx(slope(A), rel=1e-12, abs=1e-14)
    assert f.outputs_by_constant(y, c)[0, 0] == pytest.approx(slope(A), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("exponent", "slope"), [(1.0, 2.0), (1.5, 0.0), (2.0, 0.0)])
def test_a_hill_term_with_a_parameter_as_exponent_has_a_slope_before_the_first_dose(exponent, slope):
    """x^p/(k^p + x^p) at x = 0 with k = 1/2: 1/k for p = 1, 0 for steeper ones; p x^p/x would be 0/0."""
    x, p, k = sp.symbols("x p k", real=True)
    made = Model.from_symbols(
        "hill",
        time="day",
        parameters=[
            Parameter(name="p", value=exponent, unit="1"),
            Parameter(name="k", value=0.5, unit="1"),
            Parameter(name="r", value=1.0, unit="1/day"),
        ],
        states=[State(name="x", unit="1", initial=0, rate=sp.Symbol("r", real=True) * x**p / (k**p + x**p))],
    )
    system = compile_model(made)
    constants = system.constants(system.parameter_array())
    assert system.functions.jacobian(np.zeros(1), constants)[0, 0] == slope


def test_a_derivative_by_a_parameter_alone_stays_infinite():
    """Of the root of a parameter at zero: unlike a state before a dose, nothing makes up for it."""
    made = model(rate=X * sp.sqrt(A), value=0.0, unit="1/day^2")
    system = compile_model(made)
    constants = system.constants(system.parameter_array())
    assert system.functions.rate_by_constant(np.ones(1), constants)[0, 0] == np.inf


def written(loaded: object_code.Loaded, lanes: int, *arrays: np.ndarray) -> np.ndarray:
    """What a function writes, (entry, lane)."""
    out = np.empty((loaded.size, lanes))
    pointers = [array.ctypes.data for array in (*map(np.ascontiguousarray, arrays), out)]
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers))(loaded.address)(*pointers)
    return out


def test_second_derivatives_at_stages_are_differences_of_the_jacobian():
    """Of J(y) k by a state and by a constant: k changes with the stage, the y of the step does not."""
    x, z, a, b = sp.symbols("x z a b")
    made = Model.from_symbols(
        "curved",
        time="day",
        parameters=[Parameter(name="a", value=0.4, unit="1"), Parameter(name="b", value=0.3, unit="1/day")],
        states=[
            State(name="x", unit="1", initial=1, rate=-b * x**2 * z / (a + z)),
            State(name="z", unit="1", initial=2, rate=b * x),
        ],
    )
    system = compile_model(made)
    f, c, y = system.functions, system.constants(system.parameter_array()), np.array([0.9, 0.7])
    random = np.random.default_rng(3)
    points, k, h = random.uniform(0.5, 2, (2, LANES)), random.normal(size=(2, LANES)), 1e-6
    arrays = (points, y, c, written(f.compiled("coefficients"), 1, c), k)
    by_state = written(f.compiled("stage_by_state", LANES), LANES, *arrays)
    by_a = written(f.compiled("stage_by_constant", LANES, (0,)), LANES, *arrays)
    for stage in range(LANES):
        first = f.jacobian(points[:, stage], c)
        np.testing.assert_allclose(by_state[:3, stage], [first[0, 0], first[0, 1], first[1, 0]], rtol=1e-14)
        moved = [(f.jacobian(y + h * e, c) - f.jacobian(y - h * e, c)) @ k[:, stage] / (2 * h) for e in np.eye(2)]
        np.testing.assert_allclose(by_state[3:, stage], [moved[0][0], moved[1][0]], rtol=1e-7)
        changed = (f.jacobian(y, c + h * np.eye(2)[0]) - f.jacobian(y, c - h * np.eye(2)[0])) @ k[:, stage] / (2 * h)
        expected = f.rate_by_constant(points[:, stage], c)[0, 0] + changed[0]
        np.testing.assert_allclose(by_a[:, stage], [expected], rtol=1e-7)


def test_a_power_of_decimals_in_a_rate_compiles(tmp_path):
    text = """
[model]
title = "Allometric scaling beside a Hill term"
time = "day"
[parameters]
k = { value = 0.3, unit = "1/day", source = "choice" }
w = { value = 70, unit = "kg", source = "choice" }
kg = { value = 1, unit = "kg", source = "choice" }
h = { value = 0.7, unit = "1", source = "choice" }
[derived]
scaled = { value = "(56/(w/kg))^0.751", unit = "1" }
[states.A]
unit = "1"
initial = "56^0.7513*w/kg"
rate = "-k*(56/(w/kg))^0.7512345*A - scaled*k*A^h/(56^0.751 + A^h)"
"""
    path = tmp_path / "scaled.toml"
    path.write_text(text)
    system = compile_model(Model.load(path))
    constants = system.constants(system.parameter_array())
    (start,) = system.functions.initial(constants)
    assert start == pytest.approx(56**0.7513 * 70, rel=1e-14)
    hill = start**0.7 / (56**0.751 + start**0.7)
    expected = -0.3 * 0.8**0.7512345 * start - 0.8**0.751 * 0.3 * hill
    assert system.functions.rate(np.array([start]), constants, np.zeros(1))[0] == pytest.approx(expected, rel=1e-14)


def test_derived_constants_and_their_derivatives_follow_the_chain():
    """b = 2 a, c = b^2 + a: dc/da = 8 a + 1; an initial value c."""
    made = Model.from_symbols(
        "chain",
        time="day",
        parameters=[Parameter(name="a", value=0.5, unit="1"), Parameter(name="k", value=1.0, unit="1/day")],
        derived=[
            Derived(name="last", value=sp.Symbol("b") ** 2 + A, unit="1"),
            Derived(name="b", value=2 * A, unit="1"),
        ],
        states=[State(name="x", unit="1", initial=3 * sp.Symbol("last"), rate=-sp.Symbol("k") * X)],
    )
    system = compile_model(made)
    p = system.parameter_array()
    c = system.constants(p)
    named = dict(zip((*system.parameters, *made.constants), c, strict=True))
    assert named == {"a": 0.5, "k": 1.0, "b": 1.0, "last": 1.5}
    slopes = system.functions.constants_by_parameter(p)
    by_a = dict(zip(named, slopes[:, 0], strict=True))
    assert by_a == {"a": 1.0, "k": 0.0, "b": 2.0, "last": 5.0}
    assert system.functions.initial(c).tolist() == [4.5]
    assert (system.functions.initial_by_constant(c) @ slopes).tolist() == [[15.0, 0.0]]


def test_doses_are_converted_to_the_unit_of_their_state():
    system = compile_model(Model.load("alemtuzumab"))
    np.testing.assert_array_equal(system.dose_matrix(), [[1.0, 0.0]])
