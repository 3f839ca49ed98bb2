"""Virtual patients: who is drawn, from what, and that nobody's numbers depend on anybody else."""

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.model import Model
from kinetics.model.quantities import Derived, Parameter, State
from kinetics.population.draws import draw_patients


@pytest.fixture(scope="module")
def system():
    return compile_model(Model.load("reconstitution"))


@pytest.fixture(scope="module")
def relapsing(system):
    return cohort_parameters(system.model, "relapsing")


def test_a_patient_is_the_same_whatever_the_number_of_patients(system, relapsing):
    five, twenty = (draw_patients(system, relapsing, count, seed=7) for count in (5, 20))
    np.testing.assert_array_equal(five, twenty[:5])
    assert len(np.unique(twenty, axis=0)) == 20


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 64])
def test_a_patient_is_the_same_in_any_stretch(system, relapsing, count):
    whole = draw_patients(system, relapsing, 100, seed=7)
    for first in (0, 3, 36):
        stretch = draw_patients(system, relapsing, count, seed=7, first=first)
        np.testing.assert_array_equal(stretch, whole[first : first + count])


def test_a_patient_takes_the_first_admissible_of_its_own_numbers():
    system, cohort = bounded(spread=0.5, floor=0.4)  # one in three falls below
    drawn = draw_patients(system, cohort, 200, seed=5)
    again = 0
    for number, parameters in enumerate(drawn):
        generator = np.random.default_rng(np.random.SeedSequence((5, number)))
        values = [np.exp(0.5 * generator.standard_normal(1))[0]]
        while 1 - values[-1] / 2 < 0.4:
            values.append(np.exp(0.5 * generator.standard_normal(1))[0])
        again += len(values) > 1
        assert parameters[0] == values[-1]
    assert 40 < again < 100


def test_another_seed_is_another_study(system, relapsing):
    one, other = (draw_patients(system, relapsing, 3, seed=seed) for seed in (7, 8))
    varying = [system.parameters.index(name) for name in relapsing.spreads]
    assert (one[:, varying] != other[:, varying]).all()


def test_only_parameters_with_a_spread_vary(system, relapsing):
    drawn = draw_patients(system, relapsing, 10, seed=1)
    fixed = [i for i, name in enumerate(system.parameters) if name not in relapsing.spreads]
    assert len(relapsing.spreads) >= 8
    np.testing.assert_array_equal(
        drawn[:, fixed], np.broadcast_to(system.parameter_array(relapsing.values)[fixed], (10, len(fixed)))
    )


def test_every_patient_is_admissible(system, relapsing):
    for parameters in draw_patients(system, relapsing, 200, seed=3):
        assert system.out_of_range(system.constants(parameters)) == []
        assert (parameters > 0).all()


def test_log_normal_spread_is_the_declared_one():
    k, y = sp.symbols("k y")
    spreads = {"a": 0.1, "b": 0.3, "c": 0.8}
    model = Model.from_symbols(
        "spread",
        time="day",
        parameters=[
            Parameter(name="k", value=1.0, unit="1/day"),
            *(Parameter(name=name, value=2.0, unit="1", spread=sd) for name, sd in spreads.items()),
        ],
        states=[State(name="y", unit="1", initial=1, rate=-k * y * sp.Symbol("a") * sp.Symbol("b") * sp.Symbol("c"))],
    )
    count = 4000
    drawn = np.log(draw_patients(compile_model(model), cohort_parameters(model), count, seed=11)[:, 1:] / 2.0)
    # 99.99 % limits of a standard deviation and a mean of so many normal draws
    low, high = np.sqrt(stats.chi2.ppf([5e-5, 1 - 5e-5], count - 1) / (count - 1))
    for column, sd in zip(drawn.T, spreads.values(), strict=True):
        assert low < column.std(ddof=1) / sd < high
        assert abs(column.mean()) < 3.9 * sd / np.sqrt(count)
        assert stats.kstest(column / sd, "norm").pvalue > 1e-4
    correlation = np.corrcoef(drawn.T) - np.eye(3)
    assert np.abs(correlation).max() < 4 / np.sqrt(count)


def bounded(spread: float, floor: float):
    """1 - a/2 must not fall below a floor."""
    a, y = sp.symbols("a y")
    model = Model.from_symbols(
        "bounded",
        time="day",
        parameters=[
            Parameter(name="a", value=1.0, unit="1", spread=spread),
            Parameter(name="k", value=1.0, unit="1/day"),
        ],
        derived=[Derived(name="room", unit="1", value=1 - a / 2, minimum=floor)],
        states=[State(name="y", unit="1", initial=1, rate=-sp.Symbol("k") * sp.Symbol("room") * y)],
    )
    return compile_model(model), cohort_parameters(model)


def test_draws_follow_the_truncated_distribution():
    system, cohort = bounded(spread=0.5, floor=0.25)
    drawn = np.log(draw_patients(system, cohort, 2000, seed=5)[:, 0])
    top = np.log(1.5)
    assert drawn.max() <= top
    truncated = stats.truncnorm(-np.inf, top / 0.5, scale=0.5)
    assert stats.kstest(drawn, truncated.cdf).pvalue > 1e-4


def test_an_impossible_spread_is_told():
    system, cohort = bounded(spread=0.5, floor=0.4999999)
    values = {**cohort.values, "a": 50.0}
    with pytest.raises(InputError, match=r"no admissible patient in 1000 draws: room .* reduce the spread of a"):
        draw_patients(system, type(cohort)("", values, {"a": 0.01}), 1, seed=0)
