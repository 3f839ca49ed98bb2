"""Linear kinetics against their closed forms, by every engine, from symbols and from text."""

import math

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model
from kinetics.model import Model
from kinetics.model.quantities import Dose as DoseInput
from kinetics.model.quantities import Output, Parameter, State
from kinetics.regimen import Course, Dose, Regimen, segments

V1, CL, Q, V2 = 14.1, 2.2, 0.7, 5.0

ONE_COMPARTMENT = """
[model]
title = "One compartment"
time = "day"
[parameters]
V = { value = 14.1, unit = "L", about = "volume", source = "choice" }
CL = { value = 2.2, unit = "L/day", about = "clearance", source = "choice" }
[doses.drug]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-CL/V*A"
about = "amount"
[outputs.C]
unit = "mg/L"
value = "A/V"
about = "concentration"
"""

TWO_COMPARTMENTS = """
[model]
title = "Two compartments"
time = "day"
[parameters]
V1 = { value = 14.1, unit = "L", about = "central volume", source = "choice" }
CL = { value = 2.2, unit = "L/day", about = "clearance", source = "choice" }
Q = { value = 0.7, unit = "L/day", about = "exchange", source = "choice" }
V2 = { value = 5.0, unit = "L", about = "second volume", source = "choice" }
[doses.drug]
unit = "mg"
into = "A_c"
[states.A_c]
unit = "mg"
initial = "0"
rate = "-CL*A_c/V1 - Q*(A_c/V1 - A_p/V2)"
about = "amount in the first"
[states.A_p]
unit = "mg"
initial = "0"
rate = "Q*(A_c/V1 - A_p/V2)"
about = "amount in the second"
[outputs.C]
unit = "mg/L"
value = "A_c/V1"
about = "concentration"
"""

DRUG = [DoseInput(name="drug", unit="mg", into="A")]


def parameter(name: str, value: float, unit: str) -> Parameter:
    return Parameter(name=name, value=value, unit=unit)


def one_compartment_of_symbols() -> Model:
    a, volume, clearance = sp.symbols("A V CL")
    return Model.from_symbols(
        "one",
        time="day",
        parameters=[parameter("V", V1, "L"), parameter("CL", CL, "L/day")],
        doses=DRUG,
        states=[State(name="A", unit="mg", initial=0, rate=-clearance / volume * a)],
        outputs=[Output(name="C", unit="mg/L", value=a / volume)],
    )


def two_compartments_of_symbols() -> Model:
    central, second, v1, clearance, exchange, v2 = sp.symbols("A_c A_p V1 CL Q V2")
    flow = exchange * (central / v1 - second / v2)
    return Model.from_symbols(
        "two",
        time="day",
        parameters=[
            parameter("V1", V1, "L"),
            parameter("CL", CL, "L/day"),
            parameter("Q", Q, "L/day"),
            parameter("V2", V2, "L"),
        ],
        doses=[DoseInput(name="drug", unit="mg", into="A_c")],
        states=[
            State(name="A_c", unit="mg", initial=0, rate=-clearance * central / v1 - flow),
            State(name="A_p", unit="mg", initial=0, rate=flow),
        ],
        outputs=[Output(name="C", unit="mg/L", value=central / v1)],
    )


def of_text(text: str, folder) -> Model:
    path = folder / "model.toml"
    path.write_text(text)
    return Model.load(path)


def exponentials_of_one() -> list[tuple[float, float]]:
    """(share, rate) of the terms of the response to a unit bolus, as a concentration."""
    return [(1 / V1, CL / V1)]


def exponentials_of_two() -> list[tuple[float, float]]:
    out, there, back = CL / V1, Q / V1, Q / V2
    middle, root = (out + there + back) / 2, math.sqrt((out + there + back) ** 2 / 4 - out * back)
    fast, slow = middle + root, middle - root
    return [((fast - back) / (fast - slow) / V1, fast), ((back - slow) / (fast - slow) / V1, slow)]


def response(dose: Dose, terms: list[tuple[float, float]], times: np.ndarray) -> np.ndarray:
    """Concentration after one bolus or infusion, just before a bolus at its own time."""
    amount, duration = dose.amount.to("mg").magnitude, dose.duration.magnitude
    since = times - dose.start.magnitude
    after = since > 0
    total = np.zeros_like(times)
    for share, rate in terms:
        if duration == 0:
            part = amount * share * np.exp(-rate * np.where(after, since, 0))
        else:
            given = np.clip(since, 0, duration)
            left = np.exp(-rate * np.where(after, since - given, 0))
            part = amount / duration * share / rate * -np.expm1(-rate * given) * left
        total += np.where(after, part, 0.0)
    return total


INFUSION = Course.of("drug", "12 mg", duration="4 hour", every="1 day", count=5)
REGIMENS = {
    "bolus": Regimen([Course.of("drug", "100 mg")]),
    "infusion": Regimen([Course.of("drug", "12 mg", duration="4 hour")]),
    "long infusion": Regimen([Course.of("drug", "300 mg", duration="20 day")]),
    "courses": INFUSION.repeat(3, every="30 day"),
    "overlapping": Regimen(
        [
            Course(
                [
                    Dose("drug", "50 mg", "1 day", "10 day"),
                    Dose("drug", "20 mg", "5 day", "2 day"),
                    Dose("drug", "0.02 g", "5 day", "48 hour"),
                    Dose("drug", "7 mg", "6 day"),
                ]
            )
        ]
    ),
}


@pytest.mark.parametrize("written", ["symbols", "text"])
@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=REGIMENS)
@pytest.mark.parametrize("compartments", [1, 2])
def test_compartments_answer_every_regimen_by_superposition(compartments, regimen, written, solve, tmp_path):
    of_symbols, text, terms = (
        (one_compartment_of_symbols, ONE_COMPARTMENT, exponentials_of_one()),
        (two_compartments_of_symbols, TWO_COMPARTMENTS, exponentials_of_two()),
    )[compartments - 1]
    model = of_symbols() if written == "symbols" else of_text(text, tmp_path)
    system = compile_model(model)
    given = segments(regimen, {"drug": model.doses["drug"].unit}, model.time, 100.0)
    found = solve(system, system.constants(system.parameter_array()), given)
    times = np.unique(np.concatenate([np.linspace(0, 100, 401), given.edges]))
    expected = sum(response(dose, terms, times) for dose in regimen.doses)
    np.testing.assert_allclose(found.outputs(times)[:, 0], expected, rtol=1e-6, atol=1e-6 * 1e-6 * expected.max())


def test_symbols_and_text_are_the_same_equations(tmp_path):
    assert one_compartment_of_symbols().structure_hash == of_text(ONE_COMPARTMENT, tmp_path).structure_hash
    assert two_compartments_of_symbols().structure_hash == of_text(TWO_COMPARTMENTS, tmp_path).structure_hash


def test_transit_chain_is_an_erlang_density(solve):
    stages, rate = 6, 0.35
    names = sp.symbols(f"S1:{stages + 1}")
    k = sp.Symbol("k")
    model = Model.from_symbols(
        "chain",
        time="day",
        parameters=[parameter("k", rate, "1/day")],
        doses=[DoseInput(name="drug", unit="mg", into="S1")],
        states=[
            State(name=s.name, unit="mg", initial=0, rate=k * ((names[i - 1] if i else 0) - s))
            for i, s in enumerate(names)
        ],
    )
    system = compile_model(model)
    regimen = Regimen([Course([Dose("drug", "100 mg"), Dose("drug", "40 mg", "11 day")])])
    given = segments(regimen, {"drug": model.doses["drug"].unit}, model.time, 60.0)
    found = solve(system, system.constants(system.parameter_array()), given)
    times = np.linspace(0.5, 60, 239)
    for index in range(stages):

        def erlang(since, index=index):
            since = np.maximum(since, 0)
            return (rate * since) ** index * np.exp(-rate * since) / math.factorial(index)

        expected = 100 * erlang(times) + np.where(times > 11, 40 * erlang(times - 11), 0)
        np.testing.assert_allclose(
            found.states(times)[:, index], expected, rtol=1e-6, atol=1e-6 * expected.max() * 1e-3
        )


@pytest.mark.parametrize(
    ("time", "clearance", "state", "dose", "output"),
    [
        ("hour", "L/day", "mg", "mg", "mg/L"),
        ("day", "mL/minute", "mg", "g", "ug/mL"),
        ("week", "L/day", "g", "mg", "mg/L"),
        ("minute", "L/day", "ug", "g", "ng/mL"),
    ],
)
def test_mixed_units_are_converted_once(time, clearance, state, dose, output, solve):
    per_day = {"hour": 24, "day": 1, "week": 1 / 7, "minute": 1440}[time]
    flow = {"L/day": CL, "mL/minute": CL * 1000 / 1440}[clearance]
    scale = {"mg/L": 1, "ug/mL": 1, "ng/mL": 1000}[output]
    a, volume, cleared = sp.symbols("A V CL")
    model = Model.from_symbols(
        "mixed",
        time=time,
        parameters=[parameter("V", V1, "L"), parameter("CL", flow, clearance)],
        doses=[DoseInput(name="drug", unit=dose, into="A")],
        states=[State(name="A", unit=state, initial=0, rate=-cleared / volume * a)],
        outputs=[Output(name="C", unit=output, value=a / volume)],
    )
    system = compile_model(model)
    regimen = Regimen([Course([Dose("drug", "0.012 g", duration="4 hour"), Dose("drug", "30 mg", "2 day")])])
    given = segments(regimen, {"drug": model.doses["drug"].unit}, model.time, 10.0 * per_day)
    found = solve(system, system.constants(system.parameter_array()), given)
    days = np.linspace(0, 10, 41)
    expected = scale * sum(response(dose, exponentials_of_one(), days) for dose in regimen.doses)
    np.testing.assert_allclose(found.outputs(days * per_day)[:, 0], expected, rtol=1e-6, atol=1e-12 * scale)
