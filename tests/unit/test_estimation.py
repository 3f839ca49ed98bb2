"""Estimation against closed forms: the toy model is A(t) = A0 exp(-k j t), Q = A c^2."""

from dataclasses import replace

import numpy as np
import pytest

from kinetics import Course, Dose, Regimen
from kinetics.errors import IntegrationError
from kinetics.estimate import FitInterrupted, FitProblem, fit
from kinetics.estimate.fit_warnings import time_notes
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.search import searches

FLAT = 'prior = "flat"'
A0 = 'lower = 0.01, upper = 100, unit = "1e9/L"'
K = 'lower = 0.001, upper = 1, unit = "1/day"'
C = 'lower = 0.01, upper = 100, unit = "1"'
RECOVERY = {
    "kind": "time_to_threshold",
    "statistic": "median",
    "output": "N_blood",
    "regimen": "../models/regimens/once.toml",
    "level": "0.5 1e9/L",
    "unit": "day",
    "time": "",
    "log_se": 0.1,
}
G = 'lower = 0.0001, upper = 0.9, unit = "1/day"'
S = 'lower = 0.0001, upper = 100, unit = "1/mg/day"'


def finished(path):
    return fit(FitProblem.load(path))


def test_a_linear_problem_with_priors_has_the_posterior_of_normal_theory(project):
    # ln A(5) = ln A0 - 0.5 and ln Q(2) = ln A0 + 2 ln c - 0.2 are linear in (ln A0, ln c)
    found = finished(
        project.fit(
            {"time": "5 day", "value": 1.0, "log_se": 0.1},
            {"output": "Q", "time": "2 day", "value": 1500, "unit": "cells/uL", "log_se": 0.2},
            free={"A0": A0, "c": C},
        )
    )
    design = np.array([[1.0, 0.0], [1.0, 2.0]]) / np.array([[0.1], [0.2]])
    data = np.array([0.0 + 0.5, np.log(1.5) + 0.2]) / np.array([0.1, 0.2])
    precision = np.diag([1 / 0.5**2, 1 / 0.3**2])
    covariance = np.linalg.inv(design.T @ design + precision)
    mean = covariance @ (design.T @ data + precision @ np.log([2.0, 1.0]))
    np.testing.assert_allclose(np.log(found.estimates.values), mean, atol=1e-6)
    np.testing.assert_allclose(found.estimates.covariance, covariance, rtol=1e-6)
    assert found.uncertainty.correlation[0, 1] == pytest.approx(
        covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]), rel=1e-6
    )
    np.testing.assert_allclose(found.estimates.log_se, np.sqrt(np.diag(covariance)), rtol=1e-6)


def test_discrepancy_adds_to_the_variance_of_every_row(project):
    row = {"time": "0 day", "value": 3.0, "log_se": 0.3}
    found = finished(project.fit(row, free={"A0": f"{A0}, {FLAT}"}, header="discrepancy = 0.4"))
    assert found.estimates.log_se == pytest.approx([0.5], rel=1e-6)


def test_a_just_identified_decay_is_exact_and_says_so(project):
    found = finished(
        project.fit(
            {"time": "2 day", "value": 1.5, "log_se": 0.1},
            {"time": "12 day", "value": 0.4, "log_se": 0.2},
            free={"A0": f"{A0}, {FLAT}", "k": f"{K}, {FLAT}"},
        )
    )
    k = np.log(1.5 / 0.4) / 10
    np.testing.assert_allclose(found.estimates.values, [1.5 * np.exp(2 * k), k], rtol=1e-5)
    inverse = np.linalg.inv([[1.0, -2 * k], [1.0, -12 * k]])  # of d ln A / d (ln A0, ln k)
    np.testing.assert_allclose(found.estimates.covariance, inverse @ np.diag([0.01, 0.04]) @ inverse.T, rtol=1e-5)
    assert found.rms_log_error() < 1e-6
    assert found.estimates.verdicts == ("estimated from the data",) * 2
    assert found.warnings == (
        "just identified: 2 rows and 2 parameters, so agreement with these rows is no test of the model",
    )


def test_only_a_product_is_identified(project):
    found = finished(
        project.fit(
            {"time": "2 day", "value": 1.5, "log_se": 0.1},
            {"time": "12 day", "value": 0.4, "log_se": 0.2},
            {"time": "0 day", "value": 2.0, "log_se": 0.1},
            free={"k": f"{K}, {FLAT}", "j": f"lower = 0.1, upper = 100, unit = '1', {FLAT}"},
        )
    )
    assert all(verdict.startswith("not identified: the data see it only") for verdict in found.estimates.verdicts)
    assert found.uncertainty.condition_number > 1e10
    assert found.uncertainty.correlation[0, 1] == pytest.approx(-1, abs=0.005)
    assert any("k and j are correlated (-1.00): the rows mostly determine their product" in w for w in found.warnings)
    assert not any("just identified" in warning for warning in found.warnings)
    # what is known is known: the rate itself, from A0 = 2 and two later counts
    ones = np.ones(2)
    slope, sd, rate = np.array([2.0, 12.0]), np.array([0.1, 0.2]), float(np.prod(found.estimates.values))
    assert ones @ found.estimates.covariance @ ones == pytest.approx(1 / np.sum((rate * slope / sd) ** 2), rel=1e-3)


def test_a_parameter_the_data_do_not_see_has_the_width_of_its_box(project):
    found = finished(
        project.fit({"time": "0 day", "value": 3.0, "log_se": 0.1}, free={"A0": f"{A0}, {FLAT}", "u": f"{C}, {FLAT}"})
    )
    assert found.estimates.verdicts == ("estimated from the data", "not identified: the data do not see it")
    np.testing.assert_allclose(found.estimates.log_se, [0.1, np.log(1e4) / np.sqrt(12)], rtol=1e-6)
    assert any("about u: do not read" in warning for warning in found.warnings)
    assert "searches ended equally well at different values: the estimates are not unique" in found.warnings


def test_a_prior_alone_is_reported_as_such(project):
    found = finished(project.fit({"time": "0 day", "value": 3.0, "log_se": 0.1}, free={"A0": A0, "u": C}))
    assert found.estimates.verdicts[1] == "not identified: the prior alone"
    assert found.estimates.values[1] == pytest.approx(1.0, rel=1e-6)
    assert found.estimates.log_se[1] == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("log_se", "verdict"),
    [
        (0.27, "estimated from the data"),  # a factor of exp(2 * 1.96 * 0.27) = 2.9
        (0.29, "loosely determined by the data: the 95 % interval spans a factor of 3 or more"),
        (0.5, "loosely determined by the data: the 95 % interval spans a factor of 3 or more"),  # a factor of 7
        (1.01, "not identified: known to no better than a factor of e"),
    ],
)
def test_an_estimate_is_called_one_if_its_interval_is_short(project, log_se, verdict):
    row = {"time": "0 day", "value": 3.0, "log_se": log_se}
    assert finished(project.fit(row, free={"A0": f"{A0}, {FLAT}"})).estimates.verdicts == (verdict,)


@pytest.mark.parametrize(("value", "bound"), [(1e-3, "lower"), (1e3, "upper")])
def test_an_estimate_at_its_bound_says_which(project, value, bound):
    box = {"lower": 0.5, "upper": 10.0}
    found = finished(
        project.fit(
            {"time": "0 day", "value": value, "log_se": 0.1},
            {"output": "Q", "time": "0 day", "value": 2 * value, "log_se": 0.1},
            free={"A0": f'lower = 0.5, upper = 10, unit = "1e9/L", {FLAT}', "c": f"{C}, {FLAT}"},
        )
    )
    assert found.estimates.verdicts == (f"at its {bound} bound", "estimated from the data")
    assert found.estimates.values[0] == pytest.approx(box[bound], rel=1e-4)
    assert not found.estimates.covariance[0].any()
    assert not found.estimates.covariance[:, 0].any()
    assert found.estimates.log_se[1] == pytest.approx(0.05, rel=1e-6)


def test_every_start_ends_at_the_same_place_and_starts_depend_on_the_seed_alone(project):
    rows = [{"time": f"{day} day", "value": 2 * np.exp(-0.2 * day), "log_se": 0.1} for day in (1, 4, 9)]
    path = project.fit(*rows, free={"A0": A0, "k": K}, header="starts = 5\nseed = 3")
    first = finished(path).searches
    assert all(one.converged for one in first)
    assert np.ptp([one.end for one in first], axis=0).max() < 1e-4
    assert len({one.start.tobytes() for one in first}) == 5
    again = searches(Objective(FitProblem.load(path)))
    np.testing.assert_array_equal([one.start for one in again], [one.start for one in first])


def test_searches_that_are_done_are_not_repeated(project):
    path = project.fit({"time": "0 day", "value": 3.0, "log_se": 0.1}, free={"A0": A0}, header="starts = 3")
    objective = Objective(FitProblem.load(path))
    whole = list(searches(objective))
    (last,) = searches(objective, first=2)
    np.testing.assert_array_equal(last.start, whole[2].start)
    np.testing.assert_array_equal(last.end, whole[2].end)


def test_an_interruption_keeps_the_searches_that_are_done(project):
    path = project.fit({"time": "0 day", "value": 3.0, "log_se": 0.1}, free={"A0": A0}, header="starts = 3")

    def interrupt(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(FitInterrupted, match="1 of 3 searches are done and kept; the same call with resume=True"):
        fit(str(path), progress=interrupt)
    steps = []
    resumed = fit(str(path), resume=True, progress=lambda done, total: steps.append((done, total)))
    assert len(resumed.searches) == 3
    assert set(steps) == {(1, 3), (2, 3)}
    assert resumed.estimates.values == pytest.approx(fit(path).estimates.values, rel=0)


@pytest.mark.parametrize(
    ("lower", "upper", "value"), [(1.0, 3.0, 2.0), (1.0, 1.5, 1.5 * np.exp(0.02)), (4.0, 5.0, 4.0 * np.exp(-0.1384))]
)
def test_a_range_is_silent_inside_and_counts_from_its_nearer_end_outside(project, lower, upper, value):
    # beside a row at 2 with the same weight
    found = finished(
        project.fit(
            {"time": "0 day", "value": 2.0, "log_se": 0.1},
            {"time": "0 day", "statistic": "range", "lower": lower, "upper": upper, "log_se": 0.1, "value": ""},
            free={"A0": f"{A0}, {FLAT}"},
        )
    )
    outside = np.clip(2.0, lower, upper)
    assert np.log(found.estimates.values[0]) == pytest.approx((np.log(2.0) + np.log(outside)) / 2, abs=1e-5)


@pytest.mark.parametrize("statistic", ["geometric_mean", "survival_median"])
def test_a_recovery_time_is_met_from_where_the_threshold_is_never_reached(project, statistic):
    path = project.fit(
        {**RECOVERY, "value": 12, "statistic": statistic},
        free={"g": f"{G}, {FLAT}"},
        header='horizon = "40 day"\nstarts = 1',
    )
    problem = FitProblem.load(path)
    far = Objective(problem)
    far.start = np.log([0.0005])
    assert np.isinf(far.values(far.start, problem.targets)).all()
    (one,) = searches(far)
    assert one.converged
    assert far.values(one.end, problem.targets) == pytest.approx([12], rel=1e-6)


def test_a_recovery_time_is_met_from_where_the_output_is_never_below(project):
    path = project.fit({**RECOVERY, "value": 15}, free={"s": f"{S}, {FLAT}"}, header='horizon = "100 day"\nstarts = 1')
    problem = FitProblem.load(path)
    far = Objective(problem)
    far.start = np.log([0.01])
    assert np.isnan(far.values(far.start, problem.targets)).all()
    (one,) = searches(far)
    assert far.values(one.end, problem.targets) == pytest.approx([15], rel=1e-6)


def test_a_fit_that_cannot_recover_says_so(project):
    bounds = f'lower = 0.0001, upper = 0.001, unit = "1/day", {FLAT}'
    text = project.model.read_text().replace("g = { value = 0.05", "g = { value = 0.0005")
    project.model.write_text(text)
    found = finished(
        project.fit({**RECOVERY, "value": 12}, free={"g": bounds}, header='horizon = "40 day"\nstarts = 1')
    )
    assert np.isinf(found.values[0])
    assert found.estimates.verdicts == ("at its upper bound",)
    assert any("no recovery time for row_1" in warning for warning in found.warnings)


def test_a_search_stays_where_derived_quantities_are_above_their_minimum(project):
    # margin = 1 - g k_max^-1 needs g below 1 a day; the data want 3
    rows = {**RECOVERY, "value": 0.01}
    found = finished(
        project.fit(rows, free={"g": f'lower = 0.01, upper = 9, unit = "1/day", {FLAT}'}, header="starts = 1")
    )
    assert found.estimates.values[0] <= 1.0


def test_a_search_from_an_impossible_place_has_not_converged(project):
    path = project.fit(
        {"time": "0 day", "value": 2.0, "log_se": 0.1},
        free={"g": f'lower = 0.01, upper = 9, unit = "1/day", {FLAT}'},
        header="starts = 1",
    )
    objective = Objective(FitProblem.load(path))
    objective.start = np.log([5.0])
    (one,) = searches(objective)
    assert not one.converged
    assert one.message.endswith("margin = -4")
    with pytest.raises(IntegrationError, match="margin"):
        objective.values(one.end, objective.problem.targets)


@pytest.mark.parametrize("level", ["0.5 1e9/L", "40 % of baseline"])
@pytest.mark.parametrize("horizon", ["200 day", "5 day"])
@pytest.mark.parametrize("s", [5.0, 0.05])
def test_gradients_of_recovery_times_and_of_their_stand_ins(project, level, horizon, s):
    path = project.fit(
        {**RECOVERY, "value": 12, "level": level, "regimen": "../models/regimens/twice.toml"},
        free={"g": G, "s": S, "N0": f'lower = 0.1, upper = 9, unit = "1e9/L", {FLAT}'},
        header=f'horizon = "{horizon}"',
    )
    objective = Objective(FitProblem.load(path))
    assert_jacobian(objective, np.log([0.05, s, 1.1]))


@pytest.mark.parametrize("kind", ["count", "percent_of_baseline"])
def test_gradients_of_counts(project, kind):
    unit = {"count": "cells/uL", "percent_of_baseline": "percent"}[kind]
    row = {**RECOVERY, "kind": kind, "level": "", "time": "7 day", "value": 30, "unit": unit}
    objective = Objective(FitProblem.load(project.fit(row, free={"g": G, "s": S})))
    assert_jacobian(objective, np.log([0.03, 2.0]))


def assert_jacobian(objective, at, step=2e-3):
    """Central differences of sixth order."""
    residual, jacobian = objective.residuals(at)
    assert np.isfinite(residual).all()
    weights = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
    for column in range(at.size):
        unit = step * np.eye(at.size)[column]
        differences = [
            w * (objective.residuals(at + n * unit)[0] - objective.residuals(at - n * unit)[0])
            for n, w in weights.items()
        ]
        np.testing.assert_allclose(
            jacobian[:, column], sum(differences) / step, rtol=1e-5, atol=1e-5 * np.abs(jacobian).max()
        )


def test_where_most_rows_are_outside_the_fit_says_so_and_what_to_look_at_first(project):
    rows = [{"time": "0 day", "value": value, "log_se": 0.1} for value in (0.5, 3.0, 18.0)]
    found = finished(project.fit(*rows, free={"A0": f"{A0}, {FLAT}"}))
    (warning,) = [each for each in found.warnings if "outside" in each]
    assert warning.startswith("2 of 3 fitted rows are outside what their errors allow: the model or the rows are wrong")
    assert "look first at row_" in warning
    assert "row_2" not in warning


def test_where_few_rows_are_outside_nothing_is_said(project):
    rows = [{"time": "0 day", "value": value, "log_se": 0.1} for value in (2.9, 3.0, 3.1, 18.0)]
    rows[-1]["log_se"] = 0.9
    assert not any("outside" in each for each in finished(project.fit(*rows, free={"A0": f"{A0}, {FLAT}"})).warnings)


def test_a_row_outside_after_a_later_course_asks_which_course_its_time_counts_from(project):
    found = finished(project.fit({"time": "20 day", "value": 3.0, "log_se": 0.1}, free={"A0": f"{A0}, {FLAT}"}))
    courses = Regimen([Course([Dose("drug", "1 mg")]).at(f"{day} day") for day in (0, 10)])
    (target,) = found.problem.targets
    late = replace(
        found, problem=replace(found.problem, targets=(replace(target, regimen=courses),)), values=np.ones(1)
    )
    (warning,) = [each for each in late.warnings if "after course" in each]
    assert warning.startswith("row_1 is outside, and its time, 20 day from the first dose, is after course 2 at 10 day")
    early = replace(late, problem=found.problem)
    assert not any("after course" in each for each in early.warnings)
    (note,) = time_notes(late.problem.targets)
    assert note.startswith(
        "1 row is after a later course, such as row_1, 20 day from the first dose, after course 2 at"
    )
    assert note.endswith("if the publication counts from that course, add 10 day")
    assert time_notes(found.problem.targets) == ()
