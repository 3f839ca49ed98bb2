"""Only the states that move: what rests is found by symbols, and results have the variables of the whole model."""

import time

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model
from kinetics.engines import batch, scipy, sensitivity
from kinetics.engines.tolerances import state_scale
from kinetics.errors import InputError
from kinetics.expressions import ELEMENTARY, log, power
from kinetics.files.library import library_names
from kinetics.measures import Nadir
from kinetics.model import Derived, Dose, Model, Output, Parameter, State
from kinetics.reduction import Rest, find_rest
from kinetics.reduction.identities import RandomPoint
from kinetics.regimen import Course, Regimen, Rule
from kinetics.simulation import simulate
from tests.conftest import accepted_regimens, plan_of

A, B, Z, P = sp.symbols("a b z p", real=True)
POSITIVE = {P}
ONE = "1 1"  # a dose without a unit


@pytest.mark.parametrize(
    ("expression", "integer"),
    [
        ((A + B) ** 2 - A**2 - 2 * A * B - B**2, 0),
        (A / (A + B) + B / (A + B), 1),
        (sp.Float(0.5) - sp.Rational(1, 2), 0),
        (A - A * sp.exp(Z), None),
        (ELEMENTARY["sin"](A - A) + ELEMENTARY["cosh"](B - B) - 1, 0),
        (ELEMENTARY["floor"](3 + A - A) - ELEMENTARY["ceil"](B - B - 4), 7),
        (ELEMENTARY["cos"](A + B) - ELEMENTARY["cos"](B + A), 0),
        (0 * A + ELEMENTARY["sin"](A), None),
        (sp.exp(A - A + B - B) - 2, -1),
        (sp.exp(A * (A + B)) - sp.exp(A**2 + A * B), 0),
        (log(A / B * B / A), 0),
        (power(A, P) - power(A * B / B, P), 0),
        (power(Z / Z, B), 1),
        (power((A + B) ** 2 - A * (A + 2 * B) - B**2, P), 0),
        (sp.Max(A, B) - sp.Max(B, A), 0),
        (sp.Max(0, A), None),  # zero for half of all numbers
        (sp.Max(2, (A + B) / (A + B)), 2),
        (sp.Min(0, A) + sp.Max(0, A) - A, None),  # true, and beyond what is looked for
        (sp.Abs(A - B - (A - B) - 3, evaluate=False), 3),
        (sp.Piecewise((0, A < B), (1, True)), None),
        (sp.Piecewise((0, A < A + B - B), (1, True), evaluate=False), 1),
        (sp.Piecewise((A, sp.And(A <= A + B - B, evaluate=False)), (B, True), evaluate=False) - A, 0),
        (sp.Piecewise((7, sp.Or(A < B, sp.true, evaluate=False)), (1, True), evaluate=False), 7),
    ],
)
def test_integers_are_those_that_hold_for_all_values(expression, integer):
    assert RandomPoint(POSITIVE).integer(expression) == integer


@pytest.mark.parametrize(
    "make", [lambda x: 1 / x, log, lambda x: power(x, -P), lambda x: power(x - 1, sp.Rational(1, 3))]
)
def test_what_has_no_value_is_no_integer_even_times_zero(make):
    point = RandomPoint(POSITIVE)
    point.fix(Z, (A + B) ** 2 - A * (A + 2 * B) - B**2)
    assert point.integer(Z) == 0
    assert point.integer(sp.Mul(Z, make(Z), evaluate=False)) is None
    point.free(Z)
    assert point.integer(Z) is None


def pools(rate, initial=1, **more):
    """A pool ``x``, of which the test says all, beside a drug ``d`` that falls."""
    d, x, k = sp.symbols("d x k")
    return Model.from_symbols(
        "pools",
        time="day",
        parameters=[
            Parameter(name="k", value=0.5, unit="1/day"),
            Parameter(name="level", value=1.0, unit="1"),
            Parameter(name="off", value=0.0, unit="1"),
        ],
        doses=[Dose(name="drug", unit="1", into="d")],
        states=[
            State(name="d", unit="1", initial=0, rate=-k * d),
            State(name="x", unit="1", initial=initial, rate=k * rate),
        ],
        outputs=[Output(name="N", unit="1", value=x), Output(name="C", unit="1", value=d)],
        **more,
    )


D, X, LEVEL, OFF = sp.symbols("d x level off")


@pytest.mark.parametrize(
    ("rate", "initial", "moving"),
    [
        (1 - X, 1, set()),
        (LEVEL - X, LEVEL, set()),
        (LEVEL - X, 1, {"x"}),  # at rest for the value that the level has, and for no other
        (OFF * X, 1, {"x"}),  # a switch that is off, and can be turned on
        (X * (LEVEL - X), LEVEL, set()),
        (sp.Max(0, X - 2), 1, set()),
        (sp.Max(0, X - LEVEL), 1, {"x"}),  # flat from 1 on and not below
        (1 - X + D, 1, set()),
        (D / (X - 1), 1, {"x"}),  # zero over zero
    ],
)
def test_a_rest_is_one_for_all_parameters(rate, initial, moving):
    assert set(find_rest(pools(rate, initial), []).moving) == moving


def test_what_depends_on_what_moves_moves():
    assert find_rest(pools(1 - X + D), ["drug"]).moving == ("d", "x")
    assert find_rest(pools(1 - X + D * (X - 1)), ["drug"]).moving == ("d",)
    assert find_rest(pools(1 - X), ["unknown"]).moving == ()


def test_what_rests_at_a_parameter_that_changes_moves():
    assert find_rest(pools(LEVEL - X, LEVEL), [], ["k"]).moving == ()
    assert find_rest(pools(LEVEL - X, LEVEL), [], ["level"]).moving == ("x",)
    twice = {"derived": [Derived(name="twice", unit="1", value=2 * LEVEL)]}
    model = pools(sp.Symbol("twice") - X, sp.Symbol("twice"), **twice)
    assert (find_rest(model, []).moving, find_rest(model, [], ["level"]).moving) == ((), ("x",))


def test_the_drugs_of_rules_count():
    rule = Rule("N", "50 % of baseline", "drug", ONE, direction="down")
    assert Regimen(rules=[rule]).drugs == ("drug",)


def test_a_model_that_moves_altogether_has_the_code_of_the_whole():
    model = pools(1 - X + D)
    assert find_rest(model, ["drug"]) == Rest.none(model)
    assert compile_model(model, ["drug"]).functions is compile_model(model).functions


def test_what_rests_is_not_integrated():
    model = pools(LEVEL - X, LEVEL)
    whole, small, still = compile_model(model), compile_model(model, ["drug"]), compile_model(model, [])
    assert (whole.states, small.states, still.states) == (("d", "x"), ("d",), ("d",))  # an integrator needs a state
    assert len({one.functions.key for one in (whole, small, still)}) == 3
    assert small.row("x") == whole.row("x")
    constants = whole.constants(np.array([0.5, 3.0, 0.0]))
    for one, d, rate in ((small, 2.0, -1.0), (still, 0.0, 0.0)):
        assert one.functions.rate(np.array([d]), constants, np.zeros(1)).tolist() == [rate]
        assert one.functions.outputs(np.array([d]), constants).tolist() == [3.0, d]
    assert small.all_states(np.array([[1.0], [2.0]]), constants).tolist() == [[1.0, 3.0], [2.0, 3.0]]


def test_code_depends_on_the_signs_of_parameters_where_what_rests_does():
    """0 to the power p is 0 where p is positive; where it is not, nobody knows."""
    k, p, d = sp.symbols("k p d")
    models = [
        Model.from_symbols(
            "pools",
            time="day",
            parameters=[
                Parameter(name="k", value=0.5, unit="1/day"),
                Parameter(name="p", value=1.0, unit="1", positive=positive),
            ],
            doses=[Dose(name="drug", unit="1", into="d"), Dose(name="other", unit="1", into="e")],
            states=[State(name=name, unit="1", initial=0, rate=-k * sp.Symbol(name)) for name in "de"],
            outputs=[Output(name="N", unit="1", value=power(d, p))],
        )
        for positive in (True, False)
    ]
    systems = [compile_model(model, ["other"]) for model in models]
    assert models[0].structure_hash == models[1].structure_hash
    assert [system.rest.integers for system in systems] == [{"N": 0}, {}]
    assert systems[0].functions is not systems[1].functions


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_results_have_the_same_variables(engine):
    model, regimen = pools(LEVEL - X, LEVEL), Course.of("drug", ONE, every="3 day", count=2).repeat(1)
    more = {
        "until": "10 day",
        "every": "1 day",
        "states": True,
        "engine": engine,
        "measures": [Nadir("x"), Nadir("N"), Nadir("C")],
    }
    whole, small = (
        simulate(model, regimen, parameters={"level": 3.0}, reduce=reduce, **more) for reduce in (False, True)
    )
    assert list(small) == list(whole)
    for name in whole:
        assert small[name].attrs == whole[name].attrs
        np.testing.assert_allclose(small[name], whole[name], rtol=1e-12, atol=1e-15)
    assert (small["x"] == 3.0).all()


@pytest.mark.filterwarnings("ignore:1 of 2 could not be integrated")
def test_a_patient_that_fails_has_no_rest():
    model = pools(LEVEL - X, LEVEL)
    draws = [{"k": 0.5, "level": 2.0}, {"k": float("nan")}]
    result = simulate(
        model, Course.of("drug", ONE).repeat(1), until="2 day", every="1 day", states=True, parameters=draws
    )
    assert result["failure"].values[1]
    assert (result["x"][0] == 2.0).all()
    assert result["x"][1].isnull().all()


def test_nothing_given_is_nothing_moved():
    result = simulate(pools(LEVEL - X, LEVEL), until="9 day", every="3 day", parameters={"level": 5.0}, states=True)
    assert (result["N"] == 5.0).all()
    assert (result["d"] == 0.0).all()


@pytest.mark.parametrize("engine", [batch, sensitivity], ids=["batch", "scipy"])
def test_the_tangent_of_a_rest_is_that_of_its_value(engine):
    """N = level at rest, beside a drug: dN/dlevel = 1 and dN/dk = 0; C as in the whole."""
    model = pools(LEVEL - X, LEVEL)
    plan = plan_of(model, Course.of("drug", ONE).repeat(1), 4.0)
    gradients = []
    for system in (compile_model(model), compile_model(model, ["drug"])):
        trajectory = engine.integrate_with_sensitivities(system, system.parameter_array(), ["k", "level"], plan)
        gradients.append(trajectory.output_gradient(np.array([0.0, 1.0, 4.0])))
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gradients[1][:, 0], [[0.0, 1.0]] * 3, atol=1e-15)


def test_a_drug_without_which_a_model_was_compiled_is_refused():
    model = pools(1 - X)
    system = compile_model(model, [])
    plan = plan_of(model, Course.of("drug", ONE).repeat(1), 4.0)
    for integrate in (scipy.integrate, batch.integrate):
        with pytest.raises(InputError, match="compiled for runs without drug"):
            integrate(system, system.constants(system.parameter_array()), plan)


def test_a_tolerance_of_a_state_that_rests_changes_nothing():
    regimen, more = Course.of("drug", ONE).repeat(1), {"until": "2 day", "every": "1 day"}
    tight = simulate(pools(1 - X), regimen, absolute={"x": "1e-20 1"}, **more)
    np.testing.assert_array_equal(tight["C"], simulate(pools(1 - X), regimen, **more)["C"])


def test_resting_states_count_in_the_size_of_states_of_their_unit():
    """A state that begins at zero is as large as the largest of its unit, which may be one that rests."""
    model = pools(LEVEL - X, LEVEL)
    plan = plan_of(model, None, 4.0)
    scales = []
    for system in (compile_model(model), compile_model(model, ["drug"])):
        constants = system.constants_table(np.array([[0.5, 3.0, 0.0], [0.5, 7.0, 0.0]]))
        scales.append(
            state_scale(system, constants, system.functions.initial_table(constants), plan.largest)[:, 0].tolist()
        )
    assert scales == [[3.0, 7.0], [3.0, 7.0]]


def cases():
    """Each shipped model under each set of drugs that a shipped regimen gives it, each drug alone, and none."""
    models = {name: Model.load(name) for name in library_names("models")}
    return {
        (name, drugs): model
        for name, model in models.items()
        for drugs in ((), *((drug,) for drug in model.doses), *(one.drugs for one in accepted_regimens(model).values()))
    }


CASES = cases()


@pytest.mark.parametrize(("name", "drugs"), CASES, ids=lambda part: part if isinstance(part, str) else "+".join(part))
def test_equations_of_shipped_models_are_those_of_the_whole(name, drugs):
    """At random parameters and random values of all that moves: rates of what rests vanish, the others are the same."""
    model = CASES[name, drugs]
    whole, small, rng = compile_model(model), compile_model(model, drugs), np.random.default_rng(1)
    moving = [name in small.rest.moving for name in model.states]
    for _ in range(3):
        own = {row.name: row.value * rng.uniform(0.95, 1.0) for row in model.parameters.values()}
        own |= {row.name: row.rest * rng.uniform(0.9, 1.1) for row in model.inputs.values()}
        constants = whole.constants(whole.parameter_array(own))
        states = whole.functions.initial(constants) + rng.uniform(0, 1, len(moving)) * moving
        integrated = states[[list(model.states).index(name) for name in small.states]]
        np.testing.assert_allclose(small.constants(whole.parameter_array(own)), constants, rtol=1e-14)
        np.testing.assert_allclose(small.all_states(integrated, constants), states, rtol=1e-14)
        outputs = [system.functions.outputs(y, constants) for system, y in ((whole, states), (small, integrated))]
        np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-12, atol=1e-14)
        rates = whole.functions.rate(states, constants, np.zeros(len(states)))
        left = small.functions.rate(integrated, constants, np.zeros(len(integrated)))
        assert (np.abs(rates[~np.array(moving)]) < 1e-13).all()
        np.testing.assert_allclose(left[: sum(moving)], rates[moving], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    ("drugs", "moving"),
    [
        ((), 0),
        (("alemtuzumab",), 25),
        (("rituximab",), 11),
        (("cladribine",), 27),
        (("conditioning", "stem_cells"), 27),
        (("palifermin",), 21),
        (("alemtuzumab", "palifermin"), 26),
        (("alemtuzumab", "rituximab_flat"), 27),
    ],
)
def test_how_many_of_40_states_move(drugs, moving):
    model = Model.load("reconstitution")
    assert (len(find_rest(model, drugs).moving), len(model.states)) == (moving, 40)


def test_to_find_the_rest_takes_tens_of_milliseconds():
    model, took = Model.load("reconstitution"), []
    for _ in range(5):
        began = time.process_time()
        find_rest(model, ["alemtuzumab"])
        took.append(time.process_time() - began)
    assert min(took) < 0.1
