"""Priors that no fit meets: they are drawn in predictions, and the fits that held the parameter follow it."""

import numpy as np
import pytest

import kinetics
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import result_path
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.estimate import Estimates, FitProblem, fit
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.model import Model

A0 = 'lower = 0.1, upper = 10, unit = "1e9/L", prior = "flat"'
ERROR, DRAWS = 0.1, 4000
OWN = """
[cohorts.second.parameters]
u = {{ value = 2.0, unit = "1", {own} source = "choice" }}
"""


def fitted(project):
    """A fit of A0 that knows the count ten days later, ln A(10) = ln A0 - 10 k, with k at its prior."""
    path = project.fit(
        {"time": "10 day", "value": 1.5, "log_se": ERROR, "cohort": "first"}, free={"A0": A0}, header="starts = 1"
    )
    result = fit(FitProblem.load(path))
    result.estimates.save(result_path(path))
    return result.estimates


def without_second_fit(project, text=""):
    project.model.write_text(project.model.read_text().replace('from_fit = "two"\n', "") + text)
    return Model.load(project.model)


def logs(project, cohort, estimates, *names):
    """Logarithms of drawn values, (name, draw)."""
    model = Model.load(project.model)
    drawn = drawn_cohorts(compile_model(model), chain_of_fits(model, estimates, cohort), cohort, DRAWS, seed=3)
    return np.log([[one.values[name] for one in drawn] for name in names])


def test_a_fit_follows_a_prior_that_its_optimum_moves_with(project):
    estimates = fitted(project)
    # k = 0.1 1/day: d ln A0 / d ln k = 10 k = 1; what the row does not depend on is not among them
    assert estimates.earlier == ("k",)
    assert estimates.earlier_values == pytest.approx([0.1])
    np.testing.assert_allclose(estimates.response, [[1.0]], rtol=1e-5)
    assert Estimates.read(project.fits / "one.result.toml").earlier == ("k",)


def test_what_no_fit_estimates_is_drawn_from_its_prior(project):
    estimates, _ = fitted(project), without_second_fit(project)
    a, k, c, j = logs(project, "second", estimates, "A0", "k", "c", "j")
    error = 5 * np.sqrt(2 / DRAWS)
    np.testing.assert_allclose(np.cov([k, c]) / 0.25, [[1, 0], [0, 0.36]], atol=error)
    assert k.mean() == pytest.approx(np.log(0.1), abs=5 * 0.5 / np.sqrt(DRAWS))
    # A0 follows k: without k there is its own error
    assert np.cov(a, k)[0, 1] / 0.25 == pytest.approx(1, abs=error)
    assert np.std(a - k) == pytest.approx(ERROR, rel=error)
    assert np.ptp(j) == 0  # it has no prior


def test_an_estimate_and_a_value_of_a_cohort_are_not_drawn_from_the_prior_of_the_model(project):
    estimates = fitted(project)
    model = without_second_fit(project, OWN.format(own=""))
    assert sorted(cohort_parameters(model, "second").priors) == ["c", "g", "k", "s"]
    a, u = logs(project, "second", estimates, "A0", "u")
    assert np.ptp(u) == 0
    assert np.exp(u[0]) == pytest.approx(2.0)
    assert np.std(a) < 1  # not the prior of A0 on top


def test_a_cohort_may_have_a_prior_of_its_own(project):
    estimates = fitted(project)
    model = without_second_fit(project, OWN.format(own="prior = 0.2,"))
    assert cohort_parameters(model, "second").priors["u"] == 0.2
    assert cohort_parameters(model, "first").priors["u"] == 0.5
    (u,) = logs(project, "second", estimates, "u")
    assert np.std(u) == pytest.approx(0.2, rel=5 * np.sqrt(0.5 / DRAWS))
    assert np.median(u) == pytest.approx(np.log(2), abs=0.02)


def test_draws_of_a_prior_stay_within_the_range_of_the_parameter(project):
    text = project.model.read_text()
    project.model.write_text(text.replace("u = { value = 1.0,", "u = { value = 1.0, maximum = 1.2,"))
    estimates, _ = fitted(project), without_second_fit(project)
    (u,) = logs(project, "second", estimates, "u")
    assert 1.1 < np.exp(u.max()) <= 1.2
    assert np.exp(u.min()) < 0.3


def test_the_interval_of_a_prediction_has_what_priors_add(project):
    estimates = fitted(project)
    without_second_fit(project)
    tree = kinetics.predict(estimates, str(project.models / "regimens/once.toml"), until="20 day", every="10 day",
                            cohort="second", draws=DRAWS, seed=1)  # fmt: skip
    interval = tree["interval"].to_dataset()
    # to first order A(10) does not depend on k, which A0 follows; U is u times as much
    lower, _, upper = interval["U"].sel(time=10)
    assert np.log(upper / lower) / 3.92 == pytest.approx(np.hypot(ERROR, 0.5), rel=0.1)
    lower, _, upper = interval["A_blood"].sel(time=0)
    assert np.log(upper / lower) / 3.92 == pytest.approx(np.hypot(ERROR, 0.5), rel=0.1)
    assert tree.attrs["priors"] == "k, c, u, g, s"
    assert "Drawn from priors, since no fit estimates them: k, c, u, g, s." in kinetics.report(tree)


def test_a_fit_takes_the_prior_of_its_cohort_and_its_hash_says_so(project):
    row = {"output": "U", "time": "0 day", "value": 5.0, "log_se": ERROR, "cohort": "second"}
    free = {"u": 'lower = 0.1, upper = 10, unit = "1"'}
    fitted(project)
    text = project.model.read_text()
    found = {}
    for own in ("", "prior = 0.2,", "prior = 0.5,"):
        project.model.write_text(text)
        without_second_fit(project, OWN.format(own=own))
        problem = FitProblem.load(project.fit(row, free=free, name="two"))
        found[own] = problem.free[0].log_sd, problem.free[0].start, problem.data_hash
    assert [sd for sd, _, _ in found.values()] == [0.5, 0.2, 0.5]
    assert {start for _, start, _ in found.values()} == {2.0}
    assert found[""][2] == found["prior = 0.5,"][2] != found["prior = 0.2,"][2]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("prior = -1.0,", "cohorts.second.parameters.u.prior: input should be greater than 0, found -1.0"),
        ("prior = 11.0,", "cohorts.second.parameters.u.prior: input should be less than or equal to 10, found 11.0"),
        ('prior = "flat",', "cohorts.second.parameters.u.prior: input should be a valid number, found 'flat'"),
        ("prior = nan,", "cohorts.second.parameters.u.prior: input should be a finite number, found nan"),
        ("prior = 0.5, value = -2.0,", "but must be positive"),
    ],
)
def test_a_prior_that_is_none_is_refused(project, own, message):
    text = OWN.format(own=own)
    if "value = -2.0" in own:
        text = text.replace("value = 2.0, ", "", 1)
    with pytest.raises(InputError) as raised:
        without_second_fit(project, text)
    found = "\n".join(map(str, raised.value.faults))
    assert "toy.toml:" in found
    assert message in found


def test_a_factor_without_data_widens_the_prediction_of_its_cohort():
    model = Model.load("reconstitution")
    typical = cohort_parameters(model, "rheumatoid_arthritis")
    assert {"cd4_phi", "cd8_phi", "b_cells_phi"} <= set(typical.priors)
    assert not {"cd4_phi", "cd8_phi", "b_cells_phi"} & set(cohort_parameters(model, "progressive").priors)
    fits = chain_of_fits(model, Estimates.load("hill_cawthorne_2012_population"), "rheumatoid_arthritis")
    assert estimated_cohort(model, fits, "rheumatoid_arthritis").priors == typical.priors
    drawn = drawn_cohorts(compile_model(model), fits, "rheumatoid_arthritis", 1000, seed=0)
    sd = np.log([one.values["cd4_phi"] for one in drawn]).std()
    assert sd == pytest.approx(typical.priors["cd4_phi"], rel=0.15)
