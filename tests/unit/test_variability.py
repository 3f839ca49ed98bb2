"""Between-patient variability: distributions against their closed forms, correlations, sampling, derivatives."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit, ndtr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.model import Correlation, Model, Parameter, State
from kinetics.population.distributions import Categories, LogitNormal, LogNormal, Normal
from kinetics.population.draws import draw_patients
from kinetics.population.variability import SAMPLINGS, Variability

# 2^14 points of a Sobol sequence: the error of a smooth mean is near 1/points, that of a share near its square root
POINTS = 2**14


def varied(*parameters: Parameter, correlations: tuple[Correlation, ...] = ()) -> Model:
    """A model that has some parameters and, beside them, k, which does not vary."""
    k, y = sp.symbols("k y")
    return Model.from_symbols(
        "varied",
        time="day",
        parameters=[Parameter(name="k", value=0.1, unit="1/day"), *parameters],
        states=[State(name="y", unit="1", initial=1, rate=-k * y)],
        correlations=correlations,
    )


ALL = (
    Parameter(name="V", value=5.0, unit="L", spread=0.4),
    Parameter(name="share", value=0.2, unit="1", spread=0.9, distribution="logit_normal"),
    Parameter(name="age", value=40.0, unit="year", spread=9.0, distribution="normal"),
    Parameter(name="group", value=1, unit="1", shares=(0.2, 0.5, 0.3), distribution="categories"),
    Parameter(name="CL", value=2.0, unit="L/day", spread=0.3),
)
TIED = (Correlation(("CL", "V"), 0.6), Correlation(("age", "V"), -0.3))


@pytest.fixture(scope="module")
def everything():
    return compile_model(varied(*ALL, correlations=TIED))


def drawn(system, patients, seed=1, sampling="quasi"):
    table = draw_patients(system, cohort_parameters(system.model), patients, seed, sampling=sampling)
    return dict(zip(system.parameters, table.T, strict=True))


def test_a_log_normal_parameter_has_the_mean_and_variance_of_its_closed_form(everything):
    values = drawn(everything, POINTS)["V"]
    mean = 5.0 * np.exp(0.4**2 / 2)
    assert values.mean() == pytest.approx(mean, rel=2e-4)
    assert values.var() == pytest.approx(mean**2 * (np.exp(0.4**2) - 1), rel=5e-3)


def test_a_logit_normal_parameter_has_its_value_as_median_and_its_spread_on_the_logit(everything):
    values = drawn(everything, POINTS)["share"]
    assert ((values > 0) & (values < 1)).all()
    assert np.median(values) == pytest.approx(0.2, rel=1e-3)
    assert logit(values).std() == pytest.approx(0.9, rel=1e-3)
    assert stats.kstest((logit(values) - logit(0.2)) / 0.9, "norm").statistic < 2e-3


def test_a_logit_normal_parameter_lies_between_its_own_bounds():
    pieces = LogitNormal(-2.0, 3.0).value(1.0, 0.7, np.array([-1.3, 0.0, 2.0]))
    np.testing.assert_allclose(pieces, -2 + 5 * expit(logit(0.6) + 0.7 * np.array([-1.3, 0.0, 2.0])), rtol=1e-14)


def test_a_normal_parameter_has_its_spread_in_its_own_unit(everything):
    values = drawn(everything, POINTS)["age"]
    assert values.mean() == pytest.approx(40.0, rel=1e-4)
    assert values.std() == pytest.approx(9.0, rel=1e-3)


def test_a_normal_draw_outside_its_range_is_drawn_again():
    cut = Parameter(name="age", value=40.0, unit="year", spread=9.0, distribution="normal", minimum=31, maximum=50)
    values = drawn(compile_model(varied(cut)), 4000, sampling="random")["age"]
    assert values.min() >= 31
    assert values.max() <= 50
    assert stats.kstest(values, stats.truncnorm(-1, 10 / 9, 40, 9).cdf).pvalue > 1e-3


def test_a_normal_parameter_is_negative_unless_it_is_positive():
    free, kept = (
        Parameter(name=name, value=0.1, unit="1", spread=1.0, distribution="normal", positive=name == "kept")
        for name in ("free", "kept")
    )
    values = drawn(compile_model(varied(free, kept)), 1000, sampling="random")
    assert values["free"].min() < -1
    assert values["kept"].min() > 0


def test_categories_have_their_shares_and_the_quantiles_between_them(everything):
    values = drawn(everything, POINTS)["group"]
    assert set(values) == {0.0, 1.0, 2.0}
    for category, share in enumerate((0.2, 0.5, 0.3)):
        assert (values == category).mean() == pytest.approx(share, abs=1e-3)
    categories = Categories((0.2, 0.5, 0.3))
    np.testing.assert_allclose(ndtr(categories.thresholds), [0.2, 0.7], rtol=1e-14)
    below, above = (categories.value(0.0, 0.0, categories.thresholds + step) for step in (-1e-9, 1e-9))
    np.testing.assert_array_equal([below, above], [[0, 1], [1, 2]])


def test_a_category_may_be_empty():
    np.testing.assert_array_equal(Categories((0.0, 1.0, 0.0)).value(0, 0, np.array([-8.0, 0.0, 8.0])), [1, 1, 1])


def test_logarithms_are_correlated_as_declared(everything):
    values = drawn(everything, POINTS)
    table = np.array([np.log(values["V"]), np.log(values["CL"]), values["age"], logit(values["share"])])
    wanted = np.eye(4)
    wanted[0, 1] = wanted[1, 0] = 0.6
    wanted[0, 2] = wanted[2, 0] = -0.3
    np.testing.assert_allclose(np.corrcoef(table), wanted, atol=2e-3)


def test_a_correlated_category_follows_its_latent_deviate():
    ties = (Correlation(("V", "sex"), 0.7),)
    sex = Parameter(name="sex", value=0, unit="1", shares=(0.5, 0.5), distribution="categories")
    values = drawn(compile_model(varied(ALL[0], sex, correlations=ties)), POINTS)
    # E[z | latent deviate above its median] = r sqrt(2/pi)
    mean = np.log(values["V"][values["sex"] == 1] / 5.0).mean() / 0.4
    assert mean == pytest.approx(0.7 * np.sqrt(2 / np.pi), rel=3e-3)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_patient_has_the_same_deviates_in_any_stretch(everything, sampling):
    variability = Variability.of(everything, cohort_parameters(everything.model))
    assert variability.names == ("V", "share", "age", "group", "CL")
    whole = variability.deviates(70, 3, sampling=sampling)
    assert whole.shape == (70, 5)
    assert len(np.unique(whole)) == whole.size
    for first, count in ((0, 1), (0, 2), (0, 33), (1, 1), (31, 2), (64, 6), (17, 53)):
        stretch = variability.deviates(count, 3, first=first, sampling=sampling)
        np.testing.assert_array_equal(stretch, whole[first : first + count])
    assert (variability.deviates(70, 4, sampling=sampling) != whole).all()


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_patient_is_the_same_in_any_stretch_even_if_drawn_again(sampling):
    cut = Parameter(name="age", value=40.0, unit="year", spread=9.0, distribution="normal", minimum=38)
    system = compile_model(varied(*ALL[:2], cut))
    cohort = cohort_parameters(system.model)
    whole = draw_patients(system, cohort, 50, 3, sampling=sampling)
    assert (whole[:, 3] >= 38).all()
    for first, count in ((0, 7), (7, 1), (20, 30)):
        stretch = draw_patients(system, cohort, count, 3, first=first, sampling=sampling)
        np.testing.assert_array_equal(stretch, whole[first : first + count])


def test_log_normal_patients_are_those_of_the_generator_alone():
    """What was drawn before there were other distributions stays, to the bit."""
    system = compile_model(Model.load("reconstitution"))
    cohort = cohort_parameters(system.model, "relapsing")
    typical = system.parameter_array(cohort.values)
    columns = [index for index, name in enumerate(system.parameters) if name in cohort.spreads]
    spreads = np.array([cohort.spreads[system.parameters[index]] for index in columns])
    table = draw_patients(system, cohort, 40, 7)
    normal = [np.random.default_rng(np.random.SeedSequence((7, k))).standard_normal(len(columns)) for k in range(40)]
    wanted = np.tile(typical, (40, 1))
    wanted[:, columns] *= np.exp(spreads * np.array(normal))
    kept = system.admissible(system.constants_table(wanted))
    assert kept.sum() > 30
    np.testing.assert_array_equal(table[kept], wanted[kept])


def test_quasi_random_means_are_closer_than_random_ones(everything):
    """Of exp(0.4 z), whose mean is exp(0.08): the errors of ten studies of 1024 patients."""
    variability = Variability.of(everything, cohort_parameters(everything.model))
    errors = {
        sampling: [
            np.exp(0.4 * variability.deviates(1024, seed, sampling=sampling)[:, 0]).mean() - np.exp(0.08)
            for seed in range(10)
        ]
        for sampling in SAMPLINGS
    }
    random, quasi = (float(np.sqrt(np.mean(np.square(errors[sampling])))) for sampling in ("random", "quasi"))
    # the standard error of the random mean is known: 1.08 sqrt(exp(0.16) - 1) / 32
    assert random == pytest.approx(np.exp(0.08) * np.sqrt(np.expm1(0.16)) / 32, rel=0.6)
    assert quasi < random / 20


def test_quasi_random_points_are_finite_and_balanced(everything):
    variability = Variability.of(everything, cohort_parameters(everything.model))
    independent = np.linalg.solve(variability.root, variability.deviates(64, 0, sampling="quasi").T)
    # each of the 64 equal intervals of every coordinate holds one of the first 64 points of a scrambled sequence
    for coordinate in ndtr(independent):
        np.testing.assert_array_equal(np.sort(np.floor(coordinate * 64)), np.arange(64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "sobol"}, "unknown sampling 'sobol'; there are random, quasi"),
        ({"sampling": "quasi", "first": 2**30}, "a Sobol sequence has 1073741824 points"),
        ({"seed": -1}, "seed: must be a whole number from 0 to .*; found -1"),
    ],
)
def test_samplings_that_are_none(everything, options, message):
    variability = Variability.of(everything, cohort_parameters(everything.model))
    with pytest.raises(InputError, match=message):
        variability.deviates(1, **{"seed": 0, **options})


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_patients_of_a_model_that_does_not_vary_are_typical(sampling):
    system = compile_model(varied())
    np.testing.assert_array_equal(
        draw_patients(system, cohort_parameters(system.model), 3, 0, sampling=sampling), np.full((3, 1), 0.1)
    )


z = st.floats(-4, 4)
DISTRIBUTIONS = st.one_of(
    st.tuples(st.just(LogNormal()), st.floats(0.01, 1e3), st.floats(0.05, 2)),
    st.tuples(st.just(Normal()), st.floats(-1e3, 1e3), st.floats(0.05, 50)),
    st.tuples(st.just(LogitNormal(0.0, 1.0)), st.floats(0.02, 0.98), st.floats(0.05, 2)),
    st.tuples(st.just(LogitNormal(-4.0, 7.0)), st.floats(-3.5, 6.5), st.floats(0.05, 2)),
)


@given(DISTRIBUTIONS, z)
def test_slopes_are_those_of_central_differences(drawn, z):
    distribution, typical, spread = drawn
    deviate = np.array([z])

    def central(step, change):
        above, below = (distribution.value(*change(sign * step), deviate)[0] for sign in (1, -1))
        return (above - below) / (2 * step)

    by_typical, by_spread = (slope[0] for slope in distribution.slopes(typical, spread, deviate))
    step = 1e-5 * max(abs(typical), 0.1)
    scale = abs(distribution.value(typical, spread, deviate)[0]) / max(abs(typical), 0.1) + abs(by_typical)
    assert by_typical == pytest.approx(central(step, lambda h: (typical + h, spread)), rel=1e-6, abs=1e-6 * scale)
    expected = central(1e-5 * spread, lambda h: (typical, spread + h))
    assert by_spread == pytest.approx(expected, rel=1e-6, abs=1e-8 * (abs(typical) + 1) / spread)


def test_slopes_are_of_the_table(everything):
    cohort = cohort_parameters(everything.model)
    variability = Variability.of(everything, cohort)
    typical = everything.parameter_array(cohort.values)
    spreads = np.array([cohort.spreads.get(name, 0.0) for name in variability.names])
    deviates = variability.deviates(20, 5)
    slopes = variability.slopes(typical, spreads, deviates)
    for index, (name, column) in enumerate(zip(variability.names, variability.columns, strict=True)):
        assert everything.parameters[column] == name
        for argument, by in enumerate(slopes):
            nudged = [typical.copy(), spreads.copy()]
            step = 1e-6 * max(abs(nudged[argument][(column, index)[argument]]), 1e-3)
            tables = []
            for sign in (1, -1):
                arguments = [values.copy() for values in nudged]
                arguments[argument][(column, index)[argument]] += sign * step
                tables.append(variability.table(*arguments, deviates))
            difference = (tables[0] - tables[1]) / (2 * step)
            np.testing.assert_allclose(by[:, index], difference[:, column], rtol=1e-6, atol=1e-6)
            others = np.delete(np.arange(len(typical)), column)
            np.testing.assert_array_equal(difference[:, others], 0.0)
    group = variability.names.index("group")
    assert not slopes[0][:, group].any()
    assert not slopes[1][:, group].any()


def test_a_typical_value_that_its_distribution_cannot_have_is_told(everything):
    cohort = cohort_parameters(everything.model)
    wrong = {**cohort.values, "share": 1.0, "V": -1.0}
    with pytest.raises(InputError) as error:
        Variability.of(everything, type(cohort)("", wrong, cohort.spreads, distributions=cohort.distributions))
    assert str(error.value).splitlines() == [
        "V: is -1 L, but must be positive: its spread or prior is log-normal",
        "share: is 1, but must lie between 0 and 1, both excluded: its spread is on the logit",
    ]
