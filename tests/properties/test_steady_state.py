"""Without a drug nothing moves: exactly in symbols, to rounding in numbers, and over ten years of integration."""

import functools
import random

import numpy as np
import pytest
import sympy as sp

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines.scipy import integrate
from kinetics.errors import Faults
from kinetics.files.library import find_file, library_names
from kinetics.model import Model
from kinetics.model.extension import read_extended
from kinetics.regimen import Regimen, segments

MODELS = library_names("models")
COHORTS = [
    (name, cohort)
    for name in MODELS
    for cohort in read_extended(find_file(name, "models"), Faults())[0].data.get("cohorts", {})
]
PATIENTS = 50
LOG_SD = 0.3


@functools.cache
def shipped(name: str):
    return compile_model(Model.load(name))


@functools.cache
def fluxes(name: str):
    """The additive terms of all rates as one function of (states, constants), and the number of terms."""
    model = Model.load(name)
    constants = [sp.Symbol(n, real=True) for n in (*model.defaults, *model.constants)]
    terms = [
        term
        for row in model.states.values()
        for term in sp.Add.make_args(sp.expand(model.written_out(row.rate, model.constants)))
    ]
    states = [row.symbol for row in model.states.values()]
    return sp.lambdify([states, constants], terms, modules="numpy", cse=True), len(terms)


def drift(name: str, parameters: np.ndarray) -> float:
    """The largest rate at rest over the largest term of any rate."""
    system = shipped(name)
    constants = system.constants(parameters)
    rest = system.functions.initial(constants)
    rates = system.functions.rate(rest, constants, np.zeros_like(rest))
    largest = np.max(np.abs(fluxes(name)[0](rest, constants)))
    return float(np.max(np.abs(rates)) / largest) if largest else float(np.max(np.abs(rates)))


def random_parameters(name: str, cohort: str, count: int) -> tuple[list[np.ndarray], int]:
    """Admissible parameter sets, every positive parameter scattered, and the number of those refused."""
    system = shipped(name)
    values = cohort_parameters(system.model, cohort).values
    centre = np.array([values[parameter] for parameter in system.parameters])
    generator = np.random.default_rng(20)
    admissible, refused = [], 0
    while len(admissible) < count:
        assert refused < 20 * count
        drawn = np.where(centre > 0, centre * np.exp(LOG_SD * generator.standard_normal(centre.size)), centre)
        if system.out_of_range(system.constants(drawn)):
            refused += 1
        else:
            admissible.append(drawn)
    return admissible, refused


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("scattered", [False, True], ids=["own values", "random rationals"])
def test_rates_at_rest_are_exactly_zero(name, scattered):
    model = Model.load(name)
    chance = random.Random(name)
    values = {
        sp.Symbol(n, real=True): sp.Rational(str(row.value))
        * (sp.Rational(chance.randint(70, 140), 100) if scattered else 1)
        for n, row in model.parameters.items()
    }
    values |= {row.symbol: sp.Rational(str(row.rest)) for row in model.inputs.values()}
    rest = {row.symbol: model.written_out(row.initial).xreplace(values) for row in model.states.values()}
    for row in model.states.values():
        rate = model.written_out(row.rate).xreplace({**values, **rest})
        assert not rate.free_symbols
        assert sp.simplify(rate) == 0, f"d{row.name}/dt = {rate}"


@pytest.mark.parametrize("name", MODELS)
def test_rates_at_rest_vanish_to_rounding(name):
    assert drift(name, shipped(name).parameter_array()) < 1e-12


@pytest.mark.parametrize(("name", "cohort"), COHORTS)
def test_cohorts_rest(name, cohort):
    values = cohort_parameters(shipped(name).model, cohort).values
    assert drift(name, shipped(name).parameter_array(values)) < 1e-12


@pytest.mark.parametrize(("name", "cohort"), COHORTS)
def test_random_admissible_patients_rest(name, cohort):
    sets, refused = random_parameters(name, cohort, PATIENTS)
    assert len(sets) == PATIENTS
    assert refused > 0  # the bounds do refuse careless draws
    assert max(drift(name, parameters) for parameters in sets) < 1e-12


@pytest.mark.parametrize(("name", "cohort"), COHORTS)
def test_ten_years_without_drug_move_nothing(name, cohort):
    system = shipped(name)
    model = system.model
    typical = system.parameter_array(cohort_parameters(model, cohort).values)
    given = segments(Regimen.none(), {name: dose.unit for name, dose in model.doses.items()}, model.time, 3652.5)
    for parameters in (typical, *random_parameters(name, cohort, 3)[0]):
        outputs = integrate(system, system.constants(parameters), given).outputs(np.linspace(0, 3652.5, 121))
        assert np.max(np.abs(outputs - outputs[0]) / np.where(outputs[0] > 0, outputs[0], 1.0)) < 1e-9
