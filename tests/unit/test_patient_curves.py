"""Curves of patients are those of their parameters and doses; ranges of a population are those of its distribution."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import lognorm

import kinetics
from kinetics.patients import DoseRecord, Patient
from kinetics.patients.population.curves import curve_points, dose_changes, dose_times
from kinetics.patients.population.population_prediction import population_prediction

from . import patient_cases as cases

TIMES = np.array([-5.0, 5.0, 20.0, 80.0, 120.0])
REST = {"P1": 0.8, "P2": 1.3}
REST_OF_P1 = np.array([0.75, 0.77, 0.79, 0.8, 0.81])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return cases.model(tmp_path_factory.mktemp("pool"), cases.POOL)


@pytest.fixture(scope="module")
def fits(model):
    counted = [cases.patient(id, TIMES, cases.pool(np.maximum(TIMES, 0), n_0, 0.03)) for id, n_0 in REST.items()]
    undosed = cases.patient("P3", TIMES[:3], np.full(3, 0.9), dose=None)
    return kinetics.fit_patients(cases.data(*counted, undosed), model=model, cohort="adults")


def test_curves_are_the_solutions_at_the_parameters_of_each_patient(fits):
    tree = fits.tree()
    curves, estimates = tree["individual_fits"].to_dataset(), tree["parameters"]["estimate"]
    for row, id in enumerate(REST):
        times = curves["time"].values[row]
        known = np.isfinite(times)
        assert (times[known][0], times[known][-1]) == (-5.0, 120.0)
        assert (np.diff(times[known]) > 0).all()
        own = {name: float(estimates.sel(patient=id, parameter=name)) for name in ("N_0", "k")}
        for prediction, (n_0, k) in {"IPRED": (own["N_0"], own["k"]), "PRED": (1.0, 0.02)}.items():
            curve = curves["N"].sel(prediction=prediction, patient=id).values[known]
            np.testing.assert_allclose(curve, cases.pool(np.maximum(times[known], 0), n_0, k), rtol=1e-5)
        assert np.isnan(curves["N"].sel(patient=id).values[:, ~known]).all()
    undosed = curves["N"].sel(patient="P3", prediction="PRED").values
    np.testing.assert_allclose(undosed[np.isfinite(undosed)], 1.0)
    assert curves["dose_time"].values[:, 0].tolist()[:2] == [0.0, 0.0]
    assert np.isnan(curves["dose_time"].values[2]).all()


def test_a_prediction_is_as_fine_before_time_zero_as_behind_it(model):
    """Doses a year before it: straight lines between the courses would be no curve."""
    early = Patient("P1", cases.patient("P1", TIMES, REST_OF_P1).observations, (DoseRecord(-400.0, "drug_a", 20.0),))
    fit = kinetics.fit_patient(cases.data(early), "P1", model=model, cohort="adults")
    tree = fit.predict(until="200 day", every="20 day", draws=2)
    times, best = tree["time"].values, tree["N"].values
    assert times[0] == -400.0
    assert np.diff(times).max() <= 20.0
    n_0, k = fit.values(fit.random[None])[0]
    np.testing.assert_allclose(best, cases.pool(times + 400.0, n_0, k), rtol=1e-5)
    with pytest.raises(kinetics.InputError, match="every: gives more than 100000 times"):
        fit.predict(until="200 day", every="0.005 day", draws=2)


def test_visits_have_both_predictions_at_every_count(fits):
    visits = fits.tree()["visits"].to_dataset()
    typical = cases.pool(np.maximum(TIMES, 0), 1.0, 0.02)
    own = visits["patient"].values == "P2"
    np.testing.assert_array_equal(visits["time"].values[own], TIMES)
    np.testing.assert_allclose(visits["PRED"].values[own], typical, rtol=1e-5)
    assert visits.sizes["visit"] == 13


def test_repeats_of_a_dose_are_marked_and_drawn_before_and_after():
    dose = DoseRecord(10.0, "drug_a", 1.0, interval=7.0, additional=2)
    patient = replace(cases.patient("P1", [0.0], [1.0], dose=None), doses=(dose,))
    assert dose_times(patient).tolist() == [10.0, 17.0, 24.0]
    points = curve_points(0.0, 30.0, dose_times(patient))
    for time in (10.0, 17.0, 24.0):
        at = int(np.flatnonzero(points == time)[0])
        assert 0 < time - points[at - 1] < 1e-4


def test_before_a_dose_the_population_is_its_own_distribution(fits):
    """At rest counts are N_0, log-normal with spread 0.3, and measured with noise 0.15."""
    predicted = population_prediction(fits.patients, seed=3)
    before = predicted["N"].sel(time=-5.0)
    for count, spread in (("true", 0.3), ("measured", float(np.hypot(0.3, 0.15)))):
        expected = lognorm.ppf([0.05, 0.5, 0.95], spread)
        np.testing.assert_allclose(before.sel(count=count).values, expected, rtol=0.08)
    assert predicted["N"].attrs["lower_limit_level"] == "0.4 1/nL"
    assert predicted["dose_time"].values.tolist() == [0.0]


def test_the_population_depends_on_its_seed_alone(fits, model):
    once, again, other = (population_prediction(fits.patients, seed=seed)["N"].values for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
    turned = kinetics.fit_patients(cases.data(*reversed([*fits.data])), model=model, cohort="adults")
    np.testing.assert_array_equal(population_prediction(turned.patients, seed=1)["N"].values, once)


def test_a_patient_without_counts_has_a_curve(model):
    with pytest.warns(UserWarning, match="has no counts"):
        fits = kinetics.fit_patients(cases.data(cases.patient("P1", [], [])), model=model, cohort="adults")
    curves = fits.tree()["individual_fits"].to_dataset()
    assert np.isfinite(curves["N"].values).all()


def test_an_infusion_ends_by_its_duration_or_by_its_rate():
    by_duration = DoseRecord(1.0, "drug_a", 8.0, duration=3.0)
    by_rate = DoseRecord(10.0, "drug_a", 8.0, rate=2.0, interval=20.0, additional=1, sequence=1)
    patient = Patient("P1", doses=(by_duration, by_rate))
    assert dose_changes(patient).tolist() == [1.0, 4.0, 10.0, 14.0, 30.0, 34.0]
