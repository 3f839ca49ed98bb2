"""Predicted populations and future trials, where both have closed forms."""

from pathlib import Path

import numba
import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom, norm

import kinetics.prediction.population as populations_module
from kinetics.compile import compile_model
from kinetics.engines import Tolerances
from kinetics.errors import InputError
from kinetics.estimate import Estimates
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.measures import recovery_measures
from kinetics.model import Model
from kinetics.prediction.over_draws import over_draws
from kinetics.prediction.population import PATIENTS, Population, populations
from kinetics.prediction.predicting import predict
from kinetics.regimen import Regimen
from kinetics.reports.prediction import population_json, population_parts, trial_json, trial_parts
from kinetics.results import MEDIAN_AND_95, read_result, write_result
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.runs import Run
from kinetics.text.tables import page_text

# after a bolus of 1 mg at time 0, Y = N0 (1 - exp(-g t)); W stays at N0, which differs between patients
MODEL = """
[model]
title = "A count that a bolus empties"
time = "day"

[parameters]
N0 = { value = 1.0, unit = "1e9/L", spread = 0.3, source = "choice" }
g = { value = 0.05, unit = "1/day", source = "choice" }
whole = { value = 1.0, unit = "mg", source = "choice" }
limit = { value = 0.8, unit = "1e9/L", source = "choice" }

[doses.drug]
unit = "mg"
into = "z"

[states.z]
unit = "mg"
initial = "0"
rate = "-g*z"

[outputs]
Y = { unit = "1e9/L", value = "N0*(1 - z/whole)", lower_limit = "limit" }
W = { unit = "1e9/L", value = "N0", lower_limit = "limit" }
noisy = { unit = "1e9/L", value = "N0", noise = 0.4 }

[cohorts.all]
"""

THETA, SIGMA, G, LIMIT, END = 1.05, 0.35, 0.05, 0.8, 40.0
LOG_SE, SPREAD_SE = 0.08, 0.1
DRAWS, STUDY = 800, 36
AT = 20.0


@pytest.fixture(scope="module")
def estimates(tmp_path_factory) -> Estimates:
    folder = tmp_path_factory.mktemp("own")
    (folder / "models").mkdir()
    (folder / "fits").mkdir()
    path = folder / "models" / "bolus.toml"
    path.write_text(MODEL)
    return of(path)


def of(path: Path, log_se: float = LOG_SE, spread_se: float = SPREAD_SE) -> Estimates:
    return Estimates(
        fit="own",
        model=str(path),
        cohort="all",
        names=("N0", "N0.spread"),
        units=("1e9/L", "1"),
        verdicts=("estimated from the data",) * 2,
        values=np.array([THETA, SIGMA]),
        covariance=np.diag([log_se**2, spread_se**2]),
        earlier=(),
        earlier_values=np.empty(0),
        response=np.empty((2, 0)),
        facts={},
    )


@pytest.fixture(scope="module")
def regimen(estimates) -> Regimen:
    path = Path(estimates.model).with_name("once.toml")
    path.write_text(
        '[regimen]\ntitle = "once"\nsource = "choice"\n'
        '[[courses]]\nstart = "0 day"\ndoses = [{ drug = "drug", amount = "1 mg" }]\n'
    )
    return Regimen.load(str(path))


def predicted(estimates, regimen, **options):
    common = {"until": f"{END} day", "every": "5 day", "patients": 1000, "study": STUDY, "draws": DRAWS, "seed": 3}
    return predict(estimates, regimen, **common | options)


@pytest.fixture(scope="module")
def tree(estimates, regimen):
    return predicted(estimates, regimen)


@pytest.fixture(scope="module")
def cohorts(estimates):
    model = Model.load(estimates.model)
    chain = chain_of_fits(model, estimates, "all")
    return drawn_cohorts(compile_model(model), chain, "all", DRAWS, 3)


@pytest.fixture(scope="module")
def thetas(cohorts) -> np.ndarray:
    return np.array([one.values["N0"] for one in cohorts])


@pytest.fixture(scope="module")
def sigmas(cohorts) -> np.ndarray:
    return np.array([one.spreads["N0"] for one in cohorts])


def back(t: float) -> float:
    return 1 - np.exp(-G * t)


def test_quantiles_over_patients_are_those_of_the_log_normal(tree):
    people = tree["over_patients"]["Y"].sel(time=AT)
    # the spread is the one the fit estimated, not the 0.3 of the model
    for share in (0.025, 0.05, 0.5, 0.95, 0.975):
        expected = THETA * np.exp(SIGMA * norm.ppf(share)) * back(AT)
        assert float(people.sel(quantile=share)) == pytest.approx(expected, rel=0.01), share
    assert tree["patients"]["Y"].sizes["patient"] == 1000


def test_the_interval_of_the_median_is_that_of_the_delta_method(tree, thetas):
    median = tree["over_parameters"]["Y"].sel(patient_quantile=0.5, time=AT)
    for share in MEDIAN_AND_95:
        # of the very draws, then of their normal distribution within five standard errors of a quantile
        assert float(median.sel(quantile=share)) == pytest.approx(np.quantile(thetas, share) * back(AT), rel=0.01)
        z = norm.ppf(share)
        error = LOG_SE * np.sqrt(share * (1 - share) / DRAWS) / norm.pdf(z)
        assert np.log(float(median.sel(quantile=share)) / back(AT) / THETA) == pytest.approx(LOG_SE * z, abs=5 * error)


def test_the_interval_of_a_percentile_has_the_uncertainty_of_the_spread_too(tree, thetas, sigmas):
    upper = tree["over_parameters"]["Y"].sel(patient_quantile=0.95, time=AT)
    of_draws = thetas * np.exp(sigmas * norm.ppf(0.95)) * back(AT)
    for share in MEDIAN_AND_95:
        assert float(upper.sel(quantile=share)) == pytest.approx(np.quantile(of_draws, share), rel=0.02)
    deviation = np.hypot(LOG_SE, norm.ppf(0.95) * SIGMA * SPREAD_SE)
    width = np.log(float(upper.sel(quantile=MEDIAN_AND_95[-1]) / upper.sel(quantile=MEDIAN_AND_95[0])))
    assert width == pytest.approx(2 * 1.96 * deviation, rel=0.1)
    assert width > 1.15 * 2 * 1.96 * LOG_SE


def test_the_share_that_never_recovers_has_its_closed_form(tree, thetas, sigmas):
    found = tree["population_recovery"].to_dataset().sel(output="Y", course=1)
    needed = LIMIT / back(END)  # who has less at rest is not back before the end
    assert float(found["share_never"]) == pytest.approx(norm.cdf(np.log(needed / THETA) / SIGMA), abs=0.005)
    of_draws = norm.cdf(np.log(needed / thetas) / sigmas)
    for share in MEDIAN_AND_95:
        expected = np.quantile(of_draws, share)
        assert float(found["share_never_quantiles"].sel(quantile=share)) == pytest.approx(expected, abs=1.5 / PATIENTS)
    assert float(found["share_not_at_risk"]) == 0


def test_the_median_time_has_its_closed_form_and_counts_who_never_recovers_as_later(tree, thetas):
    found = tree["population_recovery"].to_dataset().sel(output="Y", course=1)
    assert float(found["median"]) == pytest.approx(-np.log(1 - LIMIT / THETA) / G, rel=0.01)
    times = -np.log(np.maximum(1 - LIMIT / thetas, np.exp(-G * END))) / G
    lower, middle, _ = found["median_quantiles"].values
    assert lower == pytest.approx(np.quantile(times, MEDIAN_AND_95[0]), rel=0.05)
    assert middle == pytest.approx(np.quantile(times, 0.5), rel=0.05)
    # a typical patient of a draw below the needed rest is not back, and then nor is half of the population
    assert (thetas < LIMIT / back(END)).mean() > 1 - MEDIAN_AND_95[-1]
    assert np.isinf(found["median_quantiles"].sel(quantile=MEDIAN_AND_95[-1]))


def test_who_is_never_below_the_limit_is_not_at_risk(tree):
    found = tree["population_recovery"].to_dataset().sel(output="W", course=1)
    assert float(found["share_not_at_risk"]) == pytest.approx(norm.cdf(np.log(THETA / LIMIT) / SIGMA), abs=0.005)
    assert float(found["share_never"]) == 1.0  # W does not change
    assert np.isinf(found["median"])


def log_normal_mean(sigma: float) -> float:
    return THETA * np.exp(sigma**2 / 2)


@pytest.mark.parametrize(("output", "noise", "scale"), [("Y", 0.0, back(AT)), ("W", 0.0, 1.0), ("noisy", 0.4, 1.0)])
def test_the_interval_of_the_mean_of_a_study_is_of_parameters_and_sampling(tree, output, noise, scale):
    lower, middle, upper = tree["study"][f"{output}_mean"].sel(time=AT).values
    total = np.hypot(SIGMA, noise)
    mean = log_normal_mean(total) * scale
    # d ln mean = d ln theta + sigma d sigma
    parameters = LOG_SE**2 + (SIGMA**2 * SPREAD_SE) ** 2
    deviation = np.sqrt(parameters + np.expm1(total**2) / STUDY)
    assert middle == pytest.approx(mean, rel=0.02)
    assert np.log(upper / lower) == pytest.approx(2 * 1.96 * deviation, rel=0.06)


def test_the_median_of_a_study_is_more_uncertain_than_that_of_a_population(tree):
    lower, middle, upper = tree["study"]["W_median"].sel(time=AT).values
    # the median of n normal values has the variance pi/2 of that of their mean; a little less for a small n
    deviation = np.sqrt(LOG_SE**2 + np.pi / 2 * SIGMA**2 / STUDY)
    assert middle == pytest.approx(THETA, rel=0.03)
    assert np.log(upper / lower) == pytest.approx(2 * 1.96 * deviation, rel=0.08)


def test_the_standard_deviation_of_a_study_of_log_normal_values(tree, thetas, sigmas):
    found = tree["study"]["W_sd"].sel(time=AT).values
    chance = np.random.default_rng(5)
    values = thetas[:, None] * np.exp(sigmas[:, None] * chance.standard_normal((25, DRAWS, STUDY)))
    np.testing.assert_allclose(found, np.quantile(values.std(axis=-1, ddof=1), MEDIAN_AND_95), rtol=0.07)


def test_who_is_back_by_a_visit_is_counted_there(tree, thetas, sigmas):
    """Without noise a patient is back at the first visit after the count has come to the limit."""
    study, visits = tree["study"].to_dataset(), np.arange(5.0, END + 1, 5.0)
    chance = np.random.default_rng(6)
    rest = thetas[:, None] * np.exp(sigmas[:, None] * chance.standard_normal((25, DRAWS, STUDY)))
    reached = rest[..., None] * back(visits) >= LIMIT
    for time in (10.0, AT, END):
        shares = reached[..., int(time / 5) - 1].mean(axis=-1)
        expected = np.quantile(shares, MEDIAN_AND_95)
        np.testing.assert_allclose(study["Y_share_recovered"].sel(time=time), expected, atol=1.5 / STUDY)
    times = np.where(reached.any(axis=-1), visits[reached.argmax(axis=-1)], np.inf)
    known = np.where(np.isfinite(times), times, np.nan)
    # days are within half of the wait for a visit on either side
    expected = np.quantile(np.nanmean(known, axis=-1), MEDIAN_AND_95)
    np.testing.assert_allclose(study["Y_recovery_mean"].sel(course=1), expected, rtol=0.03)
    geometric = np.quantile(np.exp(np.nanmean(np.log(known), axis=-1)), MEDIAN_AND_95)
    np.testing.assert_allclose(study["Y_recovery_geometric_mean"].sel(course=1), geometric, rtol=0.04)
    middle = np.quantile(np.median(times, axis=-1), MEDIAN_AND_95, method="inverted_cdf")
    np.testing.assert_allclose(study["Y_recovery_median"].sel(course=1)[:2], middle[:2], atol=2.5)
    assert np.isnan(study["Y_share_recovered"].sel(time=0.0)).all()
    assert "noisy_share_recovered" not in study  # it has no limit


def test_a_trial_counts_as_many_as_are_seen_below(tree, estimates, regimen):
    """W does not change: who is below is never back, and those above are nobody's patients."""
    study = tree["study"].to_dataset()
    np.testing.assert_array_equal(study["W_share_recovered"].sel(time=END), 0.0)
    assert np.isinf(study["W_recovery_median"]).all()
    assert np.isnan(study["W_recovery_mean"]).all()


def test_the_monte_carlo_error_is_below_a_tenth_of_the_interval(estimates, regimen):
    tree = predicted(estimates, regimen, draws=200)
    stated = {
        f"{group}/{name}": values.attrs["monte_carlo_error"]
        for group in ("over_parameters", "population_recovery", "study")
        for name, values in tree[group].data_vars.items()
        if "monte_carlo_error" in values.attrs
    }
    assert len(stated) > 15
    known = {name: error for name, error in stated.items() if not np.isnan(error)}
    assert {"study/Y_sd", "study/Y_recovery_mean", "population_recovery/share_never_quantiles"} <= known.keys()
    assert all(0 < error < 0.1 for error in known.values()), known


@pytest.mark.parametrize("seed", range(3))
def test_a_number_and_its_interval_are_of_one_population(estimates, regimen, seed):
    """Little is uncertain, so an interval is narrow, and it lies about the number that is printed."""
    certain = of(Path(estimates.model), 1e-3, 1e-3)
    tree = predicted(certain, regimen, draws=20, patients=1000, study=10_000, seed=seed)
    found = tree["population_recovery"].to_dataset().sel(output="Y", course=1)
    for name in ("median", "share_never"):
        lower, middle, upper = found[f"{name}_quantiles"].values
        assert lower * (1 - 1e-9) <= float(found[name]) <= upper * (1 + 1e-9), name
        assert middle == pytest.approx(float(found[name]), rel=0.01)
    exact = norm.cdf(np.log(LIMIT / back(END) / THETA) / SIGMA)
    assert float(found["share_never"]) == pytest.approx(exact, abs=0.005)
    study = tree["study"].to_dataset().sel(time=AT, quantile=0.5)
    mean = log_normal_mean(SIGMA)
    assert float(study["W_mean"]) == pytest.approx(mean, rel=0.005)
    assert float(study["W_sd"]) == pytest.approx(mean * np.sqrt(np.expm1(SIGMA**2)), rel=0.02)
    below = norm.cdf(np.log(LIMIT / THETA) / SIGMA)
    assert float(study["W_share_below"]) == pytest.approx(below, abs=0.005)


def test_without_other_uncertainty_the_share_below_the_limit_is_binomial(estimates, regimen):
    certain = of(Path(estimates.model), 1e-6, 1e-6)
    study = predicted(certain, regimen, patients=100)["study"].to_dataset()
    share = study["W_share_below"].sel(time=AT).values
    expected = binom.ppf(MEDIAN_AND_95, STUDY, norm.cdf(np.log(LIMIT / THETA) / SIGMA))
    np.testing.assert_allclose(share * STUDY, expected, atol=1.01)
    assert "noisy_share_below" not in study  # it has no limit


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="there is one thread alone")
def test_one_thread_and_two_give_the_same_numbers(estimates, regimen):
    before, found = numba.get_num_threads(), []
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            found.append(predicted(estimates, regimen, draws=40, patients=200))
    finally:
        numba.set_num_threads(before)
    for group in ("patients", "over_patients", "over_parameters", "population_recovery", "study"):
        for name, values in found[0][group].data_vars.items():
            np.testing.assert_array_equal(values, found[1][group][name], err_msg=f"{group}/{name}")


@pytest.fixture(scope="module")
def run(estimates, regimen):
    model = Model.load(estimates.model)
    measures = tuple(recovery_measures(model, dict(model.defaults)))
    engine = choose_engine("batch", None, 2, Tolerances(1e-6, 1e-9))
    return Run.under(regimen, compile_model(model), np.linspace(0, END, 9), measures, engine)


def test_a_draw_does_not_depend_on_how_many_there_are_nor_how_they_are_packed(estimates, run, cohorts, monkeypatch):
    model = Model.load(estimates.model)
    typical = estimated_cohort(model, chain_of_fits(model, estimates, "all"), "all")
    reference = next(populations(run, [typical], 3))
    many = over_draws(run, reference, typical, cohorts[:40], 3)
    few = over_draws(run, reference, typical, cohorts[:7], 3)
    monkeypatch.setattr(populations_module, "BYTES", 1)  # one draw at a time
    alone = over_draws(run, reference, typical, cohorts[:7], 3)
    for name in ("counts", "recovery"):
        np.testing.assert_array_equal(getattr(many, name).drawn[:7], getattr(few, name).drawn)
        np.testing.assert_array_equal(getattr(few, name).drawn, getattr(alone, name).drawn)


def test_all_draws_have_the_same_patients(run, cohorts):
    first, second = populations(run, cohorts[:2], 3)
    deviates = [
        np.log(one.values[:, 0, 1] / cohort.values["N0"]) / cohort.spreads["N0"]
        for one, cohort in zip((first, second), cohorts[:2], strict=True)
    ]
    np.testing.assert_allclose(deviates[0], deviates[1], rtol=1e-9, atol=1e-12)


def test_fewer_patients_are_the_first_of_more(tree, estimates, regimen):
    fewer = predicted(estimates, regimen, draws=2, patients=20, study=None)
    for name in ("Y", "W"):
        np.testing.assert_array_equal(fewer["patients"][name], tree["patients"][name][:20])
    assert "study" not in fewer.children


def test_a_median_is_infinite_if_more_than_half_never_recover():
    times = np.array([[10.0, np.inf, np.nan], [20.0, np.inf, np.nan], [np.inf, 5.0, np.nan], [np.inf, np.nan, np.nan]])
    found = Population(np.zeros((4, 1, 1)), times[:, None, :], 0).recovered()[:, 0]
    np.testing.assert_array_equal(found[0], [20.0, np.inf, np.nan])
    np.testing.assert_allclose(found[1], [0.5, 2 / 3, np.nan])
    np.testing.assert_allclose(found[2], [0, 0.25, 1])


def test_nobody_has_no_quantiles():
    nobody = Population(np.empty((0, 3, 2)), np.empty((0, 1, 2)), 5)
    assert nobody.quantiles((0.5,)).shape == (1, 3, 2)
    assert np.isnan(nobody.quantiles((0.5,))).all()
    assert np.isnan(nobody.recovered()).all()


def test_text_and_json_say_what_the_tree_holds(tree):
    names = ["Y", "W"]
    content = population_json(tree, names)
    assert (content["patients"], content["failed"], content["patients_per_draw"]) == (1000, 0, PATIENTS)
    row = next(row for row in content["counts"] if row["output"] == "Y" and row["months"] * 30.4375 == AT)
    people = tree["over_patients"]["Y"].sel(time=AT)
    assert row["median"] == float(people.sel(quantile=0.5))
    assert row["patients_upper"] == float(people.sel(quantile=0.975))
    assert row["patients_lower"] < row["median_lower"] < row["median"] < row["median_upper"] < row["patients_upper"]
    first, second = content["recovery"]
    assert first["months"] * 30.4375 == pytest.approx(-np.log(1 - LIMIT / THETA) / G, rel=0.01)
    assert (first["censored"], second["censored"]) == (False, True)
    text = page_text(population_parts(tree, names))
    assert "Population of 1000 patients" in text
    assert f"{100 * second['share_not_at_risk']:.0f} %" in text
    study = trial_json(tree, names)
    statistics = {"mean", "sd", "median", "share_below", "share_recovered"}
    assert {row["statistic"] for row in study["rows"]} == statistics
    assert [(row["output"], row["course"]) for row in study["recovery"]] == [("Y", 1), ("W", 1)]
    assert (study["patients"], {row["unit"] for row in study["rows"]}) == (STUDY, {"1e9/L", ""})
    shown = page_text(trial_parts(tree, names))
    assert "A future trial of 36 patients, its mean" in shown
    assert "A future trial of 36 patients who are seen below the lower limit" in shown
    for each in (text, shown):
        assert "Monte-Carlo error of the ends of these intervals, of 800 draws: " in each


def test_further_measures_are_taken_of_everybody(estimates, regimen):
    few = {"patients": 3, "study": None, "draws": 2}
    with pytest.raises(InputError, match=r"measures\[0\]: unknown measure 'nadri'.*did you mean 'nadir'"):
        predicted(estimates, regimen, measures="nadri", **few)
    tree = predicted(estimates, regimen, measures=["Y nadir", "recovery"], **few)
    plain = predicted(estimates, regimen, **few)
    for group, dims in (("/", ("course",)), ("draws", ("draw", "course")), ("patients", ("patient", "course"))):
        nadir = tree[group]["Y_nadir"]
        assert (nadir.dims, nadir.attrs["units"]) == (dims, "1/nL")
        assert set(tree[group].data_vars) - set(plain[group].data_vars) == {"Y_nadir"}
    for group in ("recovery", "population_recovery", "over_patients"):
        xr.testing.assert_allclose(tree[group].to_dataset(), plain[group].to_dataset(), rtol=1e-10)


def test_a_prediction_with_a_population_is_written_and_read(tree, tmp_path):
    write_result(tree, tmp_path / "predicted.nc")
    again = read_result(tmp_path / "predicted.nc")
    for group in ("over_parameters", "population_recovery", "study"):
        for name, values in tree[group].data_vars.items():
            np.testing.assert_array_equal(again[group][name], values)
    assert again["over_parameters"].attrs["patients_per_draw"] == PATIENTS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patients": None}, "^study: .*; give --patients N"),
        ({"study": 0}, "study: must be a whole number"),
        ({"draws": 1}, "draws"),
    ],
)
def test_what_cannot_be_predicted_is_refused(estimates, regimen, options, message):
    with pytest.raises(InputError, match=message):
        predicted(estimates, regimen, **options)
