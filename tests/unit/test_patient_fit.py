"""One patient, fitted: modes that are known from elsewhere, the same numbers in any company, and what is refused."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from kinetics import fit_patient, fit_patients
from kinetics.errors import InputError, UnknownNameError
from kinetics.mixed_effects import conditional_modes
from kinetics.patients import DoseRecord, Patient

from . import patient_cases as cases

TIMES = np.array([0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 120.0])


@pytest.fixture
def line(tmp_path):
    return cases.model(tmp_path, cases.LINE)


@pytest.fixture
def recovery(tmp_path):
    return cases.model(tmp_path, cases.POOL)


@pytest.fixture
def clinic():
    """Twelve patients of the pool, with noise and values below 0.2."""
    return cases.data(*(one(number) for number in range(12)))


def one(number: int) -> Patient:
    random = np.random.default_rng((7, number))
    n_0, k = np.exp(0.3 * random.standard_normal()), 0.02 * np.exp(0.5 * random.standard_normal())
    times = np.sort(random.choice(TIMES, 3 + number % 5, replace=False))
    counts = cases.pool(times, n_0, k) * np.exp(0.15 * random.standard_normal(times.size))
    return cases.patient(f"P{number}", times, counts, below=0.2)


def straight(id="P1", dose=None):
    times = np.array([-3.0, 2.0, 7.0, 20.0])
    return cases.patient(id, times, 6.1 + 0.2 * times + np.array([0.3, -0.4, 0.1, 0.2]), "line", dose)


def posterior_of_line(own: Patient) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of level and slope: Bayesian linear regression."""
    times = np.array([row.time for row in own.observations])
    design = np.column_stack([np.ones_like(times), times - times.min()])
    values = np.array([row.value for row in own.observations])
    covariance = np.linalg.inv(design.T @ design / cases.NOISE**2 + np.diag(cases.SPREADS**-2))
    shift = covariance @ design.T @ (values - design @ cases.MEAN) / cases.NOISE**2
    return cases.MEAN + shift, covariance


def test_a_straight_line_is_fitted_as_bayesian_regression(line):
    own = straight()
    fit = fit_patient(cases.data(own, output="line", unit="mg"), "P1", model=line, errors=cases.ERRORS)
    mean, covariance = posterior_of_line(own)
    assert fit.names == ("level", "slope")
    np.testing.assert_allclose(fit.parameters["estimate"], mean, rtol=1e-5)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-4)
    np.testing.assert_allclose(
        fit.parameters["upper"], mean + norm.ppf(0.975) * np.sqrt(np.diag(covariance)), rtol=1e-4
    )
    np.testing.assert_allclose(fit.parameters["informed"], 1 - np.diag(covariance) / cases.SPREADS**2, rtol=1e-4)
    assert fit.parameters["verdict"].values.tolist() == ["by the counts", "by the counts"]


def test_a_posterior_sample_of_a_straight_line_has_its_mean_and_covariance(line):
    own = straight()
    fit = fit_patient(
        cases.data(own, output="line", unit="mg"), "P1", model=line, errors=cases.ERRORS, posterior=2000, seed=3
    )
    mean, covariance = posterior_of_line(own)
    assert fit.sample.shape == (2000, 2)
    deviations = (fit.sample.mean(axis=0) - (mean - cases.MEAN)) / np.sqrt(np.diag(covariance))
    assert np.abs(deviations).max() < 0.15  # 2000 sweeps, of which a few hundred are independent
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), np.sqrt(np.diag(covariance)), rtol=0.15)
    assert np.array_equal(fit.draws(2000, seed=9), fit.sample)


@pytest.mark.parametrize(("stated", "sd"), [("proportional 0.2", 0.2), ("combined 0.05 1e9/L, 0.1", None)])
def test_the_mode_is_where_a_search_without_derivatives_finds_it(recovery, stated, sd):
    counts = cases.pool(TIMES, 1.2, 0.03) * np.array([1.1, 0.9, 1.0, 1.2, 0.9, 1.1, 0.95])
    own = cases.patient("P1", TIMES, counts, below=0.2)
    fit = fit_patient(cases.data(own), "P1", model=recovery, cohort="adults", errors={"N": stated})
    censored = np.array([row.is_censored for row in own.observations])
    assert 0 < censored.sum() < len(censored)

    def minus_log_density(random):
        n = cases.pool(TIMES, np.exp(0.3 * random[0]), 0.02 * np.exp(0.5 * random[1]))
        deviation = sd * n if sd is not None else np.hypot(0.05, 0.1 * n)
        each = np.where(censored, norm.logcdf(0.2, n, deviation), norm.logpdf(counts, n, deviation))
        return -each.sum() - norm.logpdf(random).sum()

    best = minimize(minus_log_density, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10})
    expected = {"N_0": np.exp(0.3 * best.x[0]), "k": 0.02 * np.exp(0.5 * best.x[1])}
    estimates = fit.parameters["estimate"]
    for name, value in expected.items():
        assert float(estimates.sel(parameter=name)) == pytest.approx(value, rel=1e-3)


def test_the_mode_is_a_thousandth_of_its_deviation_from_the_exact_one(recovery, clinic):
    fits = fit_patients(clinic, model=recovery, cohort="adults")
    exact = conditional_modes(fits.patients.model, fits.patients.values)
    deviations = np.sqrt(np.diagonal(fits.covariances, axis1=1, axis2=2))
    assert np.abs((fits.modes.random - exact.random) / deviations).max() < 2e-3


def test_a_patient_is_the_same_alone_and_among_others(recovery, clinic):
    everyone = fit_patients(clinic, model=recovery, cohort="adults")
    for id in ("P0", "P7", "P11"):
        alone = fit_patient(clinic, id, model=recovery, cohort="adults")
        np.testing.assert_allclose(alone.random, everyone[id].random, rtol=1e-10)  # sums over other columns round anew
        np.testing.assert_allclose(alone.covariance, everyone[id].covariance, rtol=1e-10)


def test_rows_and_patients_in_another_order_give_the_same_numbers(recovery, clinic):
    shuffled = [replace(one, observations=one.observations[::-1]) for one in reversed(list(clinic))]
    fits = [fit_patients(data, model=recovery, cohort="adults") for data in (clinic, cases.data(*shuffled))]
    assert fits[0].ids == fits[1].ids == tuple(f"P{number}" for number in range(12))
    np.testing.assert_array_equal(fits[0].modes.random, fits[1].modes.random)
    predicted = [one["P3"].predict(draws=20, until="1 year")["interval"]["N"].values for one in fits]
    np.testing.assert_array_equal(*predicted)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="there is one thread alone")
def test_one_thread_and_two_give_the_same_numbers(recovery, clinic):
    before, results = numba.get_num_threads(), []
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            fits = fit_patients(clinic, model=recovery, cohort="adults")
            results.append((fits.modes.random, fits["P3"].predict(draws=20, until="1 year")["interval"]["N"].values))
    finally:
        numba.set_num_threads(before)
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_table_of_fits_has_every_patient(recovery, clinic):
    fits = fit_patients(clinic, ["P3", "P11"], model=recovery, cohort="adults")
    assert dict(fits.parameters.sizes) == {"patient": 2, "parameter": 2}
    assert len(fits) == len(list(fits)) == 2
    own = fits.parameters.sel(patient="P11")
    np.testing.assert_array_equal(own["estimate"], fits["P11"].parameters["estimate"])
    assert "P11" in fits._repr_html_()


def test_counts_in_other_units_are_the_same_counts(recovery):
    own = cases.patient("P1", TIMES, cases.pool(TIMES, 1.2, 0.03))
    rows = [replace(row, time=row.time / 7, value=1000 * row.value) for row in own.observations]
    weekly = cases.data(Patient("P1", tuple(rows), own.doses), unit="1/uL", time="week")
    fits = [fit_patient(data, "P1", model=recovery) for data in (cases.data(own), weekly)]
    np.testing.assert_allclose(fits[0].random, fits[1].random, rtol=1e-6)


def test_without_counts_the_population_is_the_answer(recovery):
    empty = cases.patient("P1", [], [])
    with pytest.warns(UserWarning, match="patient P1 has no counts: the result is what the population says"):
        fit = fit_patient(cases.data(empty), "P1", model=recovery)
    np.testing.assert_array_equal(fit.random, [0, 0])
    np.testing.assert_allclose(fit.covariance, np.diag([0.5**2, 0.3**2] if fit.names[0] == "k" else [0.09, 0.25]))
    assert set(fit.parameters["verdict"].values) == {"by the population alone"}
    assert "There are no counts: all of this is what the population says." in fit.report()
    assert float(fit.predict(draws=10)["N"].isel(time=0)) == pytest.approx(1.0)


def test_a_patient_without_any_record_is_predicted_at_rest(recovery):
    with pytest.warns(UserWarning, match="no counts"):
        fit = fit_patient(cases.data(Patient("P1")), "P1", model=recovery)
    np.testing.assert_allclose(fit.predict(draws=10, until="1 year")["N"], 1.0)


def test_one_without_counts_does_not_change_the_others(recovery, clinic):
    with pytest.warns(UserWarning, match="patient Z has no counts"):
        fits = fit_patients(cases.data(*clinic, cases.patient("Z", [], [])), model=recovery, cohort="adults")
    alone = fit_patients(clinic, model=recovery, cohort="adults")
    np.testing.assert_array_equal(fits["P5"].random, alone["P5"].random)
    np.testing.assert_array_equal(fits["Z"].random, [0, 0])


def test_counts_that_are_all_censored_still_say_something(recovery):
    low = cases.patient("P1", [20.0, 40.0, 80.0], [0.1, 0.1, 0.1], below=0.2)
    with pytest.warns(UserWarning, match="all counts of patient P1 are beyond their limits"):
        fit = fit_patient(cases.data(low), "P1", model=recovery)
    assert float(fit.parameters["estimate"].sel(parameter="k")) < 0.02
    assert (fit.parameters["informed"] > 0.02).any()


def test_a_dose_after_the_last_count_changes_no_estimate(recovery):
    own = cases.patient("P1", TIMES, cases.pool(TIMES, 1.2, 0.03))
    later = replace(own, doses=(*own.doses, DoseRecord(200.0, "drug_a", 20.0, sequence=99)))
    fits = [fit_patient(cases.data(each), "P1", model=recovery) for each in (own, later)]
    np.testing.assert_allclose(fits[0].random, fits[1].random, rtol=1e-9)
    with_dose, without = (fit.predict(until="220 day", draws=5)["N"].isel(time=-1) for fit in fits[::-1])
    assert float(with_dose) < 0.7 * float(without)


def test_a_count_of_zero_needs_an_error_that_can_give_it(recovery):
    data = cases.data(*(cases.patient(id, [0.0, 10.0], [1.0, 0.0]) for id in ("P1", "P2")))
    with pytest.raises(InputError) as error:
        fit_patients(data, model=recovery)
    message = str(error.value)
    assert message.startswith("errors.N: a log-normal error cannot give the count 0 of P1 at 10, 0 of P2 at 10; state")
    assert "state the limit of quantification" in message
    fits = fit_patients(data, model=recovery, errors={"N": "combined 0.01 1e9/L, 0.15"})
    assert fits.modes.converged.all()


def test_all_that_is_wrong_is_said_at_once(recovery, clinic):
    with pytest.raises(InputError) as error:
        fit_patient(clinic, "P77", model=recovery, cohort="adult", posterior=1, seed=-1)
    said = str(error.value)
    for part in (
        "posterior: must be a whole number, at least 2",
        "seed: must be",
        "no patient 'P77'; the nearest is P7",
    ):
        assert part in said
    assert "no cohort 'adult'" in said


def test_unknown_patients_are_named_all_of_them(recovery, clinic):
    with pytest.raises(UnknownNameError) as error:
        fit_patients(clinic, ["P3", "Q3", "P99"], model=recovery)
    assert [fault.message.partition(";")[0] for fault in error.value.faults] == ["no patient 'Q3'", "no patient 'P99'"]
    with pytest.raises(InputError, match=r"patients: must be a list, such as \['P1', 'P2'\]"):
        fit_patients(clinic, "P3", model=recovery)
    with pytest.raises(UnknownNameError, match="no patient 'P3'"):
        fit_patients(clinic, ["P4"], model=recovery)["P3"]


def test_counts_that_are_read_already_need_a_model(clinic):
    with pytest.raises(InputError, match="model: name the model: counts that are read already do not say which it is"):
        fit_patients(clinic)
    with pytest.raises(InputError, match=r"model: name the model whose outputs were measured, or give a mapping"):
        fit_patients("counts.csv")


def test_one_named_twice_counts_once(recovery, clinic):
    once, twice = (fit_patients(clinic, ids, model=recovery) for ids in (["P3"], ["P3", "P3"]))
    np.testing.assert_array_equal(once["P3"].random, twice["P3"].random)


def test_an_analyte_and_a_drug_that_the_model_has_not_are_refused_together(recovery):
    own = cases.patient("P1", [0.0], [1.0], output="M")
    data = cases.data(replace(own, doses=(DoseRecord(0.0, "drug_b", 1.0),)), output="M")
    with pytest.raises(InputError) as error:
        fit_patient(replace(data, drugs={"drug_b": data.drugs["drug_a"]}), "P1", model=recovery)
    assert str(error.value).splitlines() == [
        "M: model 'recovery' has no such output; there are N; map the analyte to one, or leave it out",
        "drug_b: model 'recovery' has no dose of this drug; did you mean 'drug_a'?; map the drug to one",
    ]


def test_a_unit_that_does_not_fit_is_refused(recovery):
    with pytest.raises(InputError, match=r"N: .*mg"):
        fit_patient(cases.data(cases.patient("P1", [0.0], [1.0]), unit="mg"), "P1", model=recovery)


def test_what_no_regimen_has_is_fitted_and_predicted_along_the_same_records(recovery):
    """The steady state ends with the reset, from which the pool is at rest until the planned course."""
    own = cases.patient("P1", [0.0], [1.0])
    doses = (DoseRecord(0.0, "drug_a", 1.0, steady_state=1, interval=1.0), DoseRecord(3.0, "drug_a", 1.0, reset=True))
    fit = fit_patient(cases.data(replace(own, doses=doses)), "P1", model=recovery)
    assert fit.converged
    tree = fit.predict(until="90 day", every="1 day", retreat="30 day", draws=2)
    times, (n_0, k) = tree["time"].values, (fit.values(fit.random[None])[0, fit.names.index(n)] for n in ("N_0", "k"))
    assert tree["course_start"].values.tolist() == [0, 3, 30]
    assert tree["N"].values[0] < 0.9 * n_0
    after = (times > 3) & (times <= 30)
    np.testing.assert_allclose(tree["N"].values[after], cases.pool(times[after] - 3, n_0, k, dose=1.0), rtol=1e-5)
    assert tree["N"].values[times == 33] < 0.95 * tree["N"].values[times == 30]


def test_a_population_without_spread_is_refused(tmp_path, clinic):
    same = cases.POOL.replace("spread = 0.3, ", "").replace("spread = 0.5, ", "")
    with pytest.raises(InputError, match="cohort 'adults' states no spread"):
        fit_patients(clinic, model=cases.model(tmp_path, same), cohort="adults")


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ({"N": "additive 0.1"}, "errors.N: "),
        ({"N": "additive 0.1 mg"}, "errors.N: "),
        ({"N": "additive -0.1 1e9/L"}, "errors.N: must be positive"),
        ({"N": "combined 0.1 1e9/L"}, "errors.N: found 'combined 0.1 1e9/L'; write 'combined 0.01 1e9/L, 0.15'"),
        ({"N": "proportionl 0.1"}, "errors.N: 'proportionl' is no kind of error; .*did you mean 'proportional'"),
        ({"M": "proportional 0.1"}, "errors.M: model 'recovery' has no such output; there are N"),
    ],
)
def test_errors_that_cannot_be_are_refused(recovery, clinic, errors, said):
    with pytest.raises(InputError, match=said):
        fit_patients(clinic, model=recovery, errors=errors)


def test_an_output_without_noise_needs_an_error(line):
    with pytest.raises(InputError, match="the model states no noise of line; state one"):
        fit_patient(cases.data(straight(), output="line", unit="mg"), "P1", model=line)


def test_a_fit_writes_and_shows_itself(recovery, clinic):
    fit = fit_patient(clinic, "P7", model=recovery, cohort="adults")
    assert repr(fit).startswith("<PatientFit P7 under adults; best informed: ")
    page = fit.report()
    assert page.startswith("Patient P7: 5 counts, 1 dose; recovery, adults\n")
    assert {"N_0", "k"} <= {line.split()[0] for line in page.splitlines() if line}
    assert "<td>k</td>" in fit._repr_html_()
