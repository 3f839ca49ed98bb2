"""What is structurally identifiable, against answers known from transfer functions, symmetries and papers."""

import math
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.errors import InputError
from kinetics.expressions import parse
from kinetics.identifiability import MeasuredArm, further_measurements, structure
from kinetics.identifiability.experiment import design_experiment
from kinetics.identifiability.measured import Measured
from kinetics.identifiability.series import many_digits
from kinetics.model import Model, Parameter, State
from kinetics.model.quantities import Dose as DoseInput
from kinetics.model.quantities import Output
from kinetics.regimen import Course, Regimen

BOLUS = Regimen([Course.of("drug", "12 cell")])
INFUSION = Regimen([Course.of("drug", "12 cell", "4 hour", every="1 day", count=3)])


def model_of(rates, parameters, initial=None, outputs=None, dosed=None) -> Model:
    """A model from text, dimensionless but for ``per_day``, so that only its structure speaks."""
    values = {"per_day": 1.3, **parameters}
    symbols = {name: sp.Symbol(name, real=True) for name in (*rates, *values, *(outputs or {}))}
    return Model.from_symbols(
        "toy",
        time="day",
        parameters=[Parameter(name=n, value=v, unit="1/day" if n == "per_day" else "1") for n, v in values.items()],
        doses=[DoseInput(name="drug", unit="1", into=dosed)] if dosed else [],
        states=[
            State(
                name=name,
                unit="1",
                initial=parse((initial or {}).get(name, "0"), symbols),
                rate=symbols["per_day"] * parse(rate, symbols),
            )
            for name, rate in rates.items()
        ],
        outputs=[Output(name=name, unit="1", value=parse(text, symbols)) for name, text in (outputs or {}).items()],
    )


ONE = model_of({"A": "-CL/V*A"}, {"CL": 2.2, "V": 14.1}, outputs={"C": "A/V"}, dosed="A")
TWO = model_of(
    {"A": "-(CL + Q)*A/V1 + Q*B/V2", "B": "Q*(A/V1 - B/V2)"},
    {"CL": 2.2, "V1": 14.1, "Q": 0.7, "V2": 5.0},
    outputs={"C": "A/V1"},
    dosed="A",
)
LEAKING = model_of(
    {"A": "-(k10 + k12)*A + k21*B", "B": "k12*A - (k21 + k20)*B"},
    {"k10": 0.3, "k12": 0.5, "k21": 0.2, "k20": 0.4},
    outputs={"Y": "A"},
    dosed="A",
)
SATURABLE = model_of({"A": "-Vmax*A/(Km + A)"}, {"Vmax": 3.0, "Km": 2.0, "V": 5.0}, outputs={"C": "A/V"}, dosed="A")


@pytest.mark.parametrize("regimen", [BOLUS, INFUSION], ids=["bolus", "infusion"])
def test_of_one_compartment_both_are_known_when_the_dose_is(regimen) -> None:
    # C = D/V exp(-CL t/V)
    found = structure(ONE, ["CL", "V"], [MeasuredArm(["C"], regimen)])
    assert found.identifiable == {"CL": True, "V": True}
    assert found.rank == 2


def test_of_one_compartment_of_unknown_amount_only_ratios_are_known() -> None:
    found = structure(ONE, ["CL", "V"], [MeasuredArm(["C"])], unknown_initial=["A"])
    assert found.parameters == ("CL", "V", "A(0)")
    assert (found.rank, any(found.identifiable.values())) == (2, False)
    assert found.combinations == ["only the ratio CL/V and the ratio CL/A(0)"]
    assert further_measurements(ONE, found, [MeasuredArm(["C"])], unknown_initial=["A"]) == dict.fromkeys(
        found.parameters, ("A",)
    )


def test_as_a_share_of_baseline_the_scale_is_not_seen() -> None:
    arm = MeasuredArm(["C"], values=ONE.defaults, relative=["C"])
    found = structure(ONE, ["CL", "V"], [arm], unknown_initial=["A"])
    assert found.unobserved == ("A(0)",)
    assert found.combinations == ["only the ratio CL/V"]


def test_only_a_product_that_always_stands_together_is_known() -> None:
    model = model_of({"A": "-k*j*A"}, {"k": 0.1, "j": 2.0, "unused": 1.0}, {"A": "1"})
    found = structure(model, ["k", "j", "unused"], [MeasuredArm(["A"])])
    assert (found.rank, found.unobserved) == (1, ("unused",))
    assert found.combinations == ["only the product k*j"]
    assert found.words == {
        "k": "only the product k*j",
        "j": "only the product k*j",
        "unused": "not seen by these outputs",
    }


def test_a_scale_and_an_unknown_start_are_one() -> None:
    model = model_of({"X": "-k*X"}, {"k": 0.1, "c": 2.0}, {"X": "1"}, {"Y": "c*X", "Z": "X*c^2"})
    asked = {"parameters": ["k", "c"], "unknown_initial": ["X"]}
    assert structure(model, arms=[MeasuredArm(["Y"])], **asked).combinations == ["only the product c*X(0)"]
    assert structure(model, arms=[MeasuredArm(["Z"])], **asked).combinations == ["only the product c^2*X(0)"]
    both = structure(model, arms=[MeasuredArm(["Y", "Z"])], **asked)
    assert all(both.identifiable.values())
    # the ratio Z/Y is c, whatever X is
    assert structure(model, ["k", "c"], [MeasuredArm(["Z/Y"])], unknown_initial=["X"]).unobserved == ("k", "X(0)")


@pytest.mark.parametrize("regimen", [BOLUS, INFUSION], ids=["bolus", "infusion"])
def test_two_compartments_are_known_from_the_central_one(regimen) -> None:
    # a transfer function of two poles and one zero has three coefficients, and its gain is 1/V1
    found = structure(TWO, ["CL", "V1", "Q", "V2"], [MeasuredArm(["C"], regimen)])
    assert all(found.identifiable.values())


def test_elimination_from_both_compartments_leaves_three_combinations() -> None:
    # (s + k20 + k21)/((s + k10 + k12)(s + k20 + k21) - k12 k21); Godfrey 1983, Compartmental Models
    found = structure(LEAKING, ["k10", "k12", "k21", "k20"], [MeasuredArm(["Y"], BOLUS)])
    assert (found.rank, any(found.identifiable.values())) == (3, False)
    assert found.combinations == ["only the product k12*k21, the sum k10 + k12 and the sum k21 + k20"]
    assert further_measurements(LEAKING, found, [MeasuredArm(["Y"], BOLUS)]) == dict.fromkeys(found.parameters, ("B",))


def test_saturable_elimination_is_known_up_to_the_scale_of_amounts() -> None:
    known = structure(SATURABLE, ["Vmax", "Km", "V"], [MeasuredArm(["C"], BOLUS)])
    assert all(known.identifiable.values())
    scaled = structure(SATURABLE, ["Vmax", "Km", "V"], [MeasuredArm(["C"])], unknown_initial=["A"])
    assert (scaled.rank, any(scaled.identifiable.values())) == (3, False)
    assert scaled.combinations == ["only the ratio Vmax/Km, the ratio Vmax/V and the ratio Vmax/A(0)"]


def epidemic(births: bool) -> Model:
    vital = ("m*(N - S)", "m*I") if births else ("0", "0")
    rates = {"S": f"{vital[0]} - b*S*I/N", "I": f"b*S*I/N - g*I - {vital[1]}"}
    parameters = {"b": 0.5, "g": 0.2, "N": 10.0, "k": 0.3} | ({"m": 0.1} if births else {})
    return model_of(rates, parameters, {"S": "9", "I": "1"}, {"Y": "k*I"})


def test_an_epidemic_of_which_a_share_is_seen() -> None:
    # Evans et al. 2005, doi:10.1016/j.mbs.2004.10.011: with births N and k only as a product, the rates are known
    asked = {"unknown_initial": ["S", "I"]}
    found = structure(epidemic(births=True), ["b", "g", "m", "N", "k"], [MeasuredArm(["Y"])], **asked)
    assert [name for name, known in found.identifiable.items() if known] == ["b", "g", "m"]
    assert found.rank == 6
    assert found.combinations == ["only the product N*k, the ratio N/S(0) and the ratio N/I(0)"]
    # without births b comes with the scale too: S' = -b/(N k) S I in the scale of the data
    closed = structure(epidemic(births=False), ["b", "g", "N", "k"], [MeasuredArm(["Y"])], **asked)
    assert [name for name, known in closed.identifiable.items() if known] == ["g"]
    assert closed.rank == 4


def test_a_virus_of_which_only_the_load_is_measured() -> None:
    # Xia and Moog 2003, doi:10.1109/TAC.2002.808494: s and p are known only as their product
    model = model_of(
        {"T": "s - d*T - b*T*V", "I": "b*T*V - e*I", "V": "p*I - c*V"},
        {"s": 10.0, "d": 0.02, "b": 0.05, "e": 0.5, "p": 8.0, "c": 3.0},
        {"T": "100", "I": "1", "V": "2"},
    )
    asked = {"parameters": ["s", "d", "b", "e", "p", "c"], "unknown_initial": ["T", "I", "V"]}
    found = structure(model, arms=[MeasuredArm(["V"])], **asked)
    assert found.rank == 8
    assert [name for name, known in found.identifiable.items() if not known] == ["s", "p", "T(0)", "I(0)"]
    assert found.combinations == ["only the product s*p, the ratio s/T(0) and the ratio s/I(0)"]
    helping = further_measurements(model, found, [MeasuredArm(["V"])], unknown_initial=["T", "I", "V"])
    assert set(helping.values()) == {("T", "I")}


@pytest.mark.parametrize("fed", ["+", "-"])
def test_at_a_kink_the_side_just_after_the_start_counts(fed: str) -> None:
    # Y stands at 1, the kink; only if it falls does g act
    model = model_of(
        {"Y": f"{fed}k*Y", "X": "g*max(0, 1 - Y) - X", "Z": "piecewise(Y < 1, h, 0) - Z"},
        {"k": 0.2, "g": 3.0, "h": 2.0},
        {"Y": "1"},
    )
    falls = fed == "-"
    found = structure(model, ["g", "h"], [MeasuredArm(["X", "Z"])])
    assert found.identifiable == {"g": falls, "h": falls}


def test_a_slide_along_a_switch_is_refused() -> None:
    model = model_of({"Y": "piecewise(Y < 1, k, -k)"}, {"k": 0.2}, {"Y": "1"})
    with pytest.raises(InputError, match="no side of it holds"):
        structure(model, ["k"], [MeasuredArm(["Y"])])


def test_a_root_of_zero_is_refused_with_its_reason() -> None:
    model = model_of({"Y": "k*sqrt(Y)"}, {"k": 0.2}, dosed="Y")
    with pytest.raises(InputError, match=r"'Y' has no power series at the start: .* root of zero"):
        structure(model, ["k"], [MeasuredArm(["Y"])])
    assert structure(model, ["k"], [MeasuredArm(["Y"], BOLUS)]).identifiable == {"k": True}


@pytest.mark.parametrize("exponent", [2.0, 8.0])
def test_a_whole_exponent_that_is_a_parameter_is_held(exponent: float) -> None:
    # A is k a(t), so that h and k part only with the second power of A^n, n orders after the first
    model = model_of({"A": "k - A", "F": "h*A^n/(1 + A^n) - F"}, {"k": 0.2, "h": 2.0, "n": exponent})
    assert structure(model, ["k", "h"], [MeasuredArm(["F"])]).identifiable == {"k": True, "h": True}


def test_an_unknown_that_is_zero_by_default_is_moved_and_a_known_one_is_not() -> None:
    model = model_of({"A": "-(k + off)*A", "B": "off*A - B"}, {"k": 0.1, "off": 0.0}, {"A": "1"})
    assert structure(model, ["k"], [MeasuredArm(["B"])]).unobserved == ("k",)
    assert structure(model, ["k", "off"], [MeasuredArm(["B"])]).identifiable == {"k": True, "off": True}


def test_arms_are_taken_together() -> None:
    model = model_of({"A": "-k*A"}, {"k": 0.1, "c": 2.0, "x": 1.0}, outputs={"Y": "c*A", "Z": "x*A"}, dosed="A")
    assert structure(model, ["c", "x"], [MeasuredArm(["Y"], BOLUS)]).identifiable == {"c": True, "x": False}
    arms = [MeasuredArm(["Y"], BOLUS), MeasuredArm(["Z"], INFUSION)]
    assert structure(model, ["c", "x"], arms).identifiable == {"c": True, "x": True}


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        structure(ONE, ["nonesuch", "CL"], [MeasuredArm(["C", "D"]), MeasuredArm([])], unknown_initial=["B"])
    assert [fault.name for fault in caught.value.faults] == ["parameters", "unknown_initial", "outputs", "outputs"]


# power series ------------------------------------------------------------------------------------------------------

TERMS = {
    "exp": ("exp(-a*X)", 4),
    "log": ("log(X + a)", 4),
    "sqrt": ("sqrt(X + a)", 4),
    "power": ("(1 + X)^a", 4),
    "state in the exponent": ("a^X", 4),
    "quotient": ("X/(a + X^2)", 4),
    "negative power": ("(a + X)^-3", 4),
    "abs": ("abs(X - a)", 4),
    "min": ("min(X, a) + X^2", 4),
}


@pytest.mark.parametrize(("term", "order"), TERMS.values(), ids=TERMS)
def test_coefficients_and_their_derivatives_are_the_lie_derivatives(term: str, order: int) -> None:
    # sympy differentiates L_f^k h symbolically, by the logarithms of all unknowns
    names = ["a", "b", "per_day", "X"]
    model = model_of({"X": f"b - 0.3*X + 0.2*({term})"}, {"a": 0.7, "b": 0.4}, {"X": "1.5"}, {"Y": term})
    with many_digits(60):
        found = Measured(design_experiment(model, names[:3], [MeasuredArm(["Y"])], ["X"]), seed=3)
        rows = np.array(found.rows(order), dtype=float)
    symbols = [sp.Symbol(name, real=True) for name in names]
    at = {symbol: sp.Float(str(value), 60) for symbol, value in zip(symbols, found.values, strict=True)}
    rate, lie = model.states["X"].rate, model.outputs["Y"].value
    for k in range(order + 1):
        wanted = [float(sp.N((symbol * sp.diff(lie, symbol)).subs(at), 30)) / math.factorial(k) for symbol in symbols]
        assert rows[k] == pytest.approx(wanted, rel=1e-12, abs=1e-14)
        lie = sp.diff(lie, symbols[3]) * rate


def test_a_logistic_curve_has_the_coefficients_of_its_closed_form() -> None:
    # Y = 1/(1 + exp(-r t)) of Y' = r Y (1 - Y): 1/2 + r t/4 - (r t)^3/48 + (r t)^5/480
    model = model_of({"Y": "r*Y*(1 - Y)"}, {"r": 0.5}, {"Y": "1/2"})
    with many_digits(60):
        found = Measured(design_experiment(model, ["r", "per_day"], [MeasuredArm(["Y"])]), seed=1)
        rows = found.rows(5)
        r = float(found.values[0] * found.values[1])
    assert [float(row) for row in rows[:, 0]] == pytest.approx(
        [0, r / 4, 0, -3 * r**3 / 48, 0, 5 * r**5 / 480], rel=1e-12
    )


# properties --------------------------------------------------------------------------------------------------------


def catenary(size: int, leaks: set[int], values: list[float]) -> tuple[Model, list[str]]:
    """Compartments in a row, each exchanging with the next, a drug into the first, elimination from some."""
    drawn = iter(values)
    parameters = {f"k{i}{j}": next(drawn) for n in range(1, size) for i, j in ((n, n + 1), (n + 1, n))}
    parameters |= {f"k{i}0": next(drawn) for i in sorted(leaks)}
    rates = {}
    for i in range(1, size + 1):
        out = "".join(f" - {name}*x{i}" for name in parameters if name.startswith(f"k{i}"))
        into = "".join(f" + {name}*x{name[1]}" for name in parameters if name.endswith(str(i)))
        rates[f"x{i}"] = f"0{out}{into}"
    return model_of(rates, parameters, dosed="x1"), list(parameters)


positive = st.floats(0.01, 20).map(lambda value: round(value, 6))


@settings(max_examples=25)
@given(st.integers(2, 4), st.lists(positive, min_size=10, max_size=10), st.data())
def test_a_chain_is_known_from_its_end_if_it_leaks_once(size: int, values: list[float], data) -> None:
    # n poles and n - 1 zeros are 2 n - 1 coefficients, as many as rates with one elimination; each further one is
    # one unknown too many (Cobelli, Lepschy and Romanin Jacur 1979, Mathematical Biosciences 47)
    leaks = data.draw(st.sets(st.integers(1, size), min_size=1))
    model, names = catenary(size, leaks, values)
    found = structure(model, names, [MeasuredArm(["x1"], BOLUS)])
    assert found.rank == 2 * size - 1
    assert all(found.identifiable.values()) == (len(leaks) == 1)


@settings(max_examples=25)
@given(st.sampled_from([ONE, TWO, LEAKING, SATURABLE]), st.lists(positive, min_size=5, max_size=5), st.data())
def test_the_rank_is_that_of_the_structure_not_of_units_or_values(model: Model, factors: list[float], data) -> None:
    names = [name for name in model.parameters if name != "per_day"]
    arm = MeasuredArm(list(model.outputs), BOLUS)
    rank = structure(model, names, [arm]).rank
    # other values are other units of time, volume and amount
    scaled = {name: value * factor for (name, value), factor in zip(model.defaults.items(), factors, strict=False)}
    assert structure(model, names, [MeasuredArm(arm.outputs, BOLUS, {**model.defaults, **scaled})]).rank == rank
    # a parameter split into two that only appear as a product adds an unknown and no rank
    split = data.draw(st.sampled_from(names))
    both = sp.Symbol(split, real=True) * sp.Symbol("twin", real=True)
    found = structure(_split(model, split, both), [*names, "twin"], [arm])
    assert found.rank == rank
    assert not found.identifiable["twin"]
    if all(structure(model, names, [arm]).identifiable.values()):
        assert found.combinations == [f"only the product {split}*twin"]


def _split(model: Model, name: str, product) -> Model:
    swap = {sp.Symbol(name, real=True): product}
    return Model.from_symbols(
        "split",
        time="day",
        parameters=[*model.parameters.values(), Parameter(name="twin", value=1.5, unit="1")],
        doses=model.doses.values(),
        states=[replace(row, rate=row.rate.xreplace(swap)) for row in model.states.values()],
        outputs=[replace(row, value=row.value.xreplace(swap)) for row in model.outputs.values()],
    )


# what ships --------------------------------------------------------------------------------------------------------


def test_turnover_and_regenerative_capacity_of_a_lineage_are_one() -> None:
    # in growth, every rate of a lineage is multiplied by its capacity phi and nothing else is: a symmetry of the model
    model = Model.load("reconstitution")
    names = ["cd8.phi", "cd8.dN8", "cd8.dM8", "cd8.k_M8"]
    found = structure(model, names, [MeasuredArm(["CD8", "CD4"], Regimen.load("single_100mg"))])
    assert found.identifiable == {"cd8.phi": False, "cd8.dN8": False, "cd8.dM8": False, "cd8.k_M8": True}
    assert found.combinations == ["only the product cd8.phi*cd8.dN8 and the product cd8.phi*cd8.dM8"]


def test_at_rest_nothing_of_the_shipped_model_moves() -> None:
    model = Model.load("reconstitution")
    found = structure(model, ["cd4.phi", "cd4.k_M4", "cd4.CD4_0"], [MeasuredArm(["CD4"])])
    assert found.identifiable == {"cd4.phi": False, "cd4.k_M4": False, "cd4.CD4_0": True}
    assert found.unobserved == ("cd4.phi", "cd4.k_M4")
