"""The fits that ship: published against fitted, committed against found from scratch."""

from dataclasses import replace

import numpy as np
import pytest

from kinetics.cohorts.fit_results import result_path
from kinetics.estimate import Estimates, Fit, FitProblem, fit
from kinetics.estimate.objective.facts import FactsObjective
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.search import searches

FITS = ("care_ms_course_1", "hill_cawthorne_2012")
POPULATIONS = ("care_ms_course_1_population", "hill_cawthorne_2012_population")
FACTS = ("relapse_activity", "secondary_autoimmunity", "antidrug_antibodies")


@pytest.fixture(scope="module")
def problems() -> dict[str, FitProblem]:
    return {name: FitProblem.load(name) for name in (*FITS, *POPULATIONS, *FACTS)}


@pytest.fixture(scope="module")
def objectives(problems) -> dict[str, PopulationObjective]:
    return {name: PopulationObjective(problems[name]) for name in POPULATIONS}


@pytest.fixture(scope="module")
def fits(problems) -> dict[str, Fit]:
    return {name: fit(problems[name]) for name in FITS}


@pytest.mark.parametrize("name", [*FITS, *POPULATIONS, *FACTS])
def test_a_committed_result_is_of_this_model_and_these_data(problems, name):
    problem = problems[name]
    facts = Estimates.read(result_path(problem.path)).facts
    again = f"run 'kinetics fit {name} --save' (those it builds on first)"
    assert facts["model_hash"] == problem.model.content_hash, f"the model has changed; {again}"
    assert facts["data_hash"] == problem.data_hash, f"problem, tables, regimens or cohorts have changed; {again}"


@pytest.mark.parametrize("name", FITS)
def test_from_scratch_the_committed_estimates_are_found_again(fits, name):
    found, kept = fits[name].estimates, Estimates.read(result_path(fits[name].problem.path))
    assert (found.names, found.units, found.verdicts) == (kept.names, kept.units, kept.verdicts)
    np.testing.assert_allclose(found.values, kept.values, rtol=1e-3)
    scale = np.outer(kept.log_se, kept.log_se)
    np.testing.assert_allclose(found.covariance / scale, kept.covariance / scale, atol=0.02)
    assert found.earlier == kept.earlier
    np.testing.assert_allclose(found.earlier_values, kept.earlier_values, rtol=1e-9)
    np.testing.assert_allclose(found.response, kept.response, atol=0.01)


@pytest.mark.parametrize("name", FITS)
def test_every_search_ends_at_the_same_optimum(fits, name):
    searches = fits[name].searches
    assert len(searches) == 3
    assert all(one.converged for one in searches)
    assert np.ptp([one.end for one in searches], axis=0).max() < 1e-3


@pytest.mark.parametrize("name", POPULATIONS)
def test_a_committed_population_has_the_likelihood_it_was_committed_with_and_no_step_betters_it(objectives, name):
    """The population fits take a minute: their committed optimum is evaluated once, with its gradient."""
    kept, objective = Estimates.read(result_path(objectives[name].problem.path)), objectives[name]
    at = np.log(kept.values)
    assert objective.linearised(at).log_likelihood + objective.log_prior(at) == pytest.approx(
        -kept.facts["cost"], abs=1e-4
    )
    jacobian = objective.residuals(at)[1]
    information = jacobian.T @ jacobian
    slope = objective.linearised(at).gradient - (at - objective.start) / objective.prior_sd**2
    # what the next step of the search promises
    assert 0.5 * slope @ np.linalg.solve(information, slope) < 2 * objective.close
    scale = np.outer(kept.log_se, kept.log_se)
    np.testing.assert_allclose(np.linalg.inv(information) / scale, kept.covariance / scale, atol=1e-3)


@pytest.mark.parametrize("name", FACTS)
def test_a_committed_fit_of_facts_has_the_likelihood_it_was_committed_with_and_no_step_betters_it(problems, name):
    """Each takes a minute: the committed optimum is evaluated once, with its Jacobian."""
    kept, objective = Estimates.read(result_path(problems[name].path)), FactsObjective(problems[name])
    at = np.log(kept.values)
    assert objective.log_posterior(at) == pytest.approx(-kept.facts["cost"], abs=0.01)
    residuals, jacobian = objective.residuals(at)
    information = jacobian.T @ jacobian
    slope = jacobian.T @ residuals
    # half a standard error: what counts patients moves in steps
    assert 0.5 * slope @ np.linalg.solve(information, slope) < 0.125
    np.testing.assert_allclose(np.sqrt(np.diag(np.linalg.inv(information))), kept.log_se, rtol=0.02)


# what the docs name as a deviation
OUTSIDE = {name: set() for name in POPULATIONS}


@pytest.mark.parametrize("name", POPULATIONS)
def test_fitted_rows_lie_where_a_study_of_their_size_would_but_for_named_deviations(objectives, name):
    objective = objectives[name]
    at = np.log(Estimates.read(result_path(objective.problem.path)).values)
    outside = set()
    for shown in objective.predicted(at, objective.problem.fitted):
        if shown.inside() is False:
            outside.add(shown.row.name)
        if shown.spread_inside() is False:
            outside.add(f"{shown.row.name} SD")
    assert outside == OUTSIDE[name]


def test_the_typical_patient_lies_below_the_mean_of_patients(objectives):
    """ln(mean/median) of a log-normal is half its variance: 0.06 for a spread of 0.36 before treatment."""
    objective = objectives["care_ms_course_1_population"]
    kept = Estimates.read(result_path(objective.problem.path))
    shown = {one.row.name: one for one in objective.predicted(np.log(kept.values), objective.problem.fitted)}
    typical = dict(zip(kept.names, kept.values, strict=True))
    gap = np.log(shown["CD4_month_0"].interval.value / typical["cd4.CD4_0"])
    noise = objective.problem.model.outputs["CD4"].noise
    assert gap == pytest.approx((typical["cd4.CD4_0.spread"] ** 2 + noise**2) / 2, abs=0.003)


def test_the_published_recovery_times_are_met(fits):
    fitted = {row["name"]: row["fitted"] for row in fits["hill_cawthorne_2012"].summary()["targets"]}
    for name, months in (("B_recovery", 7.1), ("CD8_recovery", 20), ("CD4_recovery", 35)):
        assert fitted[name] == pytest.approx(months, rel=0.01)


def test_log_standard_errors_of_the_recovery_times(problems):
    own = {target.row.name: target.error_sd for target in problems["hill_cawthorne_2012"].fitted}
    assert own == {"B_recovery": 0.149, "CD8_recovery": 0.19, "CD4_recovery": 0.19}


def test_the_recovery_fit_says_that_it_is_just_identified(fits):
    assert any(
        "just identified: 3 rows and 3 parameters" in warning for warning in fits["hill_cawthorne_2012"].warnings
    )
    # exact, so the standard errors are those of the rows, carried over: J'J = S' diag(1/s^2) S
    found = fits["hill_cawthorne_2012"]
    jacobian = Objective(found.problem).residuals(found.best.end)[1]
    inverse = np.linalg.inv(jacobian)
    np.testing.assert_allclose(found.estimates.covariance, inverse @ inverse.T, rtol=1e-4, atol=1e-8)


def test_the_phase_3_counts_are_met(fits):
    found = fits["care_ms_course_1"]
    errors = [
        np.log(row["fitted"] / row["published"])
        for row in found.summary()["targets"]
        if row["use"] == "fit" and row["name"].startswith(("CD4_month", "CD8_month"))
    ]
    assert len(errors) == 10
    assert np.sqrt(np.mean(np.square(errors))) <= 0.15
    assert found.rms_log_error() <= 0.15


def test_what_is_for_validation_is_not_fitted(problems):
    uses = {target.row.name: target.row.use for name in FITS for target in problems[name].targets}
    fitted = {name for name, use in uses.items() if use == "fit"}
    counts = {f"{cell}_month_{month}" for cell in ("CD4", "CD8") for month in (1, 3, 6, 9, 12)}
    assert fitted == counts | {"B_month_3", "B_month_12", "B_recovery", "CD8_recovery", "CD4_recovery"}
    assert uses["lymphocytes_recovery"] == "validate"
    populations = {target.row.name for name in POPULATIONS for target in problems[name].fitted}
    assert populations == fitted | {"CD4_month_0", "CD8_month_0"}


@pytest.mark.parametrize("name", FITS)
def test_the_jacobian_agrees_with_differences_of_high_order(problems, name):
    objective = Objective(problems[name])
    generator = np.random.default_rng(11)
    width = np.where(objective.with_prior, 0.5 * objective.prior_sd, 0.2)
    at = np.log(Estimates.read(result_path(problems[name].path)).values) + 0.5 * width * generator.uniform(
        -1, 1, objective.start.size
    )
    jacobian = objective.residuals(at)[1]
    step, weights = 4e-3, {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
    for column in range(at.size):
        unit = step * np.eye(at.size)[column]
        differences = sum(
            weight * (objective.residuals(at + n * unit)[0] - objective.residuals(at - n * unit)[0])
            for n, weight in weights.items()
        )
        np.testing.assert_allclose(
            jacobian[:, column], differences / step, rtol=1e-5, atol=1e-5 * np.abs(jacobian).max(axis=1).max()
        )


def test_the_capacities_follow_the_shared_kinetics_as_their_response_says(fits):
    """Refit with one shared parameter moved by 3 %: ln phi moves by B ln 1.03."""
    found = fits["hill_cawthorne_2012"]
    earlier, flat = "signals.e4", "signals_e4"
    column = found.estimates.earlier.index(earlier)
    moved = {
        name: replace(cohort, values=cohort.values | {flat: cohort.values[flat] * 1.03})
        for name, cohort in found.problem.cohorts.items()
    }
    objective = Objective(replace(found.problem, starts=1, cohorts=moved))
    objective.start = found.best.end
    (again,) = searches(objective)
    expected = found.estimates.response[:, column] * np.log(1.03)
    assert expected[0] > 0.02
    np.testing.assert_allclose(again.end - found.best.end, expected, atol=0.05 * expected[0])
