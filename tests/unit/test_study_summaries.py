"""Meta-analysis: several studies in one fit, planned studies, and every fault of their tables."""

import csv
import json

import numpy as np
import pytest
from scipy.optimize import minimize
from typer.testing import CliRunner

from kinetics import VisitSchedule, crossvalidate, datagen, fit
from kinetics.cli import app
from kinetics.errors import InputError
from kinetics.estimate import FitProblem
from kinetics.estimate.objective.studies import StudyEffectsObjective
from kinetics.estimate.search import objective_of
from kinetics.estimate.study_estimates import study_estimates
from kinetics.observation.series import Series

MODEL = """
[model]
title = "A level that falls"
time = "day"
[parameters]
level = { value = 5.0, unit = "mg/L", spread = 0.2, source = "choice" }
k = { value = 0.05, unit = "1/day", spread = 0.3, source = "choice" }
shift = { value = 0.0, unit = "mg/L", source = "choice" }
[states.A]
unit = "mg/L"
initial = "level"
rate = "-k*A"
[outputs.Y]
unit = "mg/L"
value = "A + shift"
noise = 0.1
[outputs.Z]
unit = "mg/L"
value = "2*A"
"""
FIT = """
[fit]
title = "Studies"
model = "../models/model.toml"
tables = ["table.csv"]
starts = 1
[free]
level = { lower = 0.1, upper = 100, unit = "mg/L", prior = "flat" }
"""
BETWEEN = """
[between_studies]
level = { start = 0.5, lower = 0.01, upper = 10, distribution = "normal" }
"""
NORMAL = """
[population]
likelihood = "normal"
"""
VALUES, ERRORS = (4.0, 5.5, 6.5, 4.8, 7.5), (0.3, 0.2, 0.5, 0.4, 0.9)
LEVELS = [
    {"study": f"study {n}", "output": "Y", "time": "0 day", "value": v, "unit": "mg/L", "standard_error": s}
    for n, (v, s) in enumerate(zip(VALUES, ERRORS, strict=True))
]
MOMENTS = [
    {"output": "Y", "statistic": "mean", "time": "0 day", "value": 5.0, "unit": "mg/L", "sd": 1.0, "n": 40},
    {"output": "Y", "statistic": "mean", "time": "9 day", "value": 3.1, "unit": "mg/L", "sd": 0.9, "n": 40},
    {"output": "Y", "statistic": "covariance", "time": "0 day", "with_time": "9 day", "value": 0.5}
    | {"unit": "mg^2/L^2", "n": 40},
]
MOMENTS = [{"study": "one", **row} for row in MOMENTS]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "fits").mkdir()
    (tmp_path / "models" / "model.toml").write_text(MODEL)

    def make(rows, text):
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with (tmp_path / "fits" / "table.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        path = tmp_path / "fits" / "studies.toml"
        path.write_text(text)
        return path

    return make


def faults(path):
    with pytest.raises(InputError) as error:
        FitProblem.load(path)
    return str(error.value)


def test_one_effect_is_the_random_effects_model_of_meta_analysis(project):
    fitted = fit(project(LEVELS, FIT + BETWEEN))
    y, s = np.array(VALUES), np.array(ERRORS)

    def minus_2_log_likelihood(at):
        variance = s**2 + np.exp(2 * at[1])
        return np.sum(np.log(2 * np.pi * variance) + (y - at[0]) ** 2 / variance)

    best = minimize(minus_2_log_likelihood, [5.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    own = [fitted.estimates[name].value for name in ("level", "level.between_studies")]
    assert own == pytest.approx([best.x[0], np.exp(best.x[1])], rel=1e-5)
    assert fitted.minus_2_log_likelihood() == pytest.approx(best.fun, abs=1e-8)
    studies = study_estimates(fitted.objective, fitted.best.end, fitted.uncertainty.log_se).sel(parameter="level")
    weights = 1 / (s**2 + own[1] ** 2)
    assert studies["estimate"].values == pytest.approx(y)
    assert studies["weight"].values == pytest.approx(weights / weights.sum())
    # the standard error of the pooled mean, of an information in which mean and variance are independent
    assert own[0] * fitted.estimates["level"].log_se == pytest.approx(weights.sum() ** -0.5, rel=1e-5)


def test_a_log_normal_effect_has_the_geometric_mean_of_equal_studies(project):
    rows = [row | {"value": v, "standard_error": 0.001 * v} for row, v in zip(LEVELS, VALUES, strict=True)]
    fitted = fit(project(rows, FIT + BETWEEN.replace(', distribution = "normal"', "")))
    logs = np.log(VALUES)
    # with errors that vanish: the mean and the standard deviation, of divisor n, of the logarithms
    assert fitted.estimates["level"].value == pytest.approx(np.exp(logs.mean()), rel=1e-4)
    assert fitted.estimates["level.between_studies"].value == pytest.approx(logs.std(), rel=1e-3)


def test_arms_of_a_study_share_its_effect_and_differ_by_what_they_set(project):
    arms = [row | {"set": "shift = 0 mg/L"} for row in LEVELS]
    arms += [row | {"set": "shift = 2 mg/L", "value": row["value"] + 2.0} for row in LEVELS]
    fitted = fit(project(arms, FIT + BETWEEN))
    studies = study_estimates(fitted.objective, fitted.best.end, fitted.uncertainty.log_se)
    assert studies["estimate"].values[0] == pytest.approx(VALUES)
    ratio = (studies["upper"] - studies["estimate"]).values[0] / (1.959964 * np.array(ERRORS))
    assert ratio == pytest.approx(np.sqrt(0.5))


def test_predictions_of_studies_are_those_of_the_typical_patient(project):
    rows = [
        {"study": "one", "kind": "count", "output": "Y", "time": "7 day", "value": 3.0, "unit": "ug/mL", "log_se": 0.1},
        {"study": "two", "kind": "count", "output": "Z", "time": "3 day", "value": 8.0, "unit": "ug/L"}
        | {"standard_error": 100},
        {"study": "two", "kind": "percent_of_baseline", "output": "Y", "time": "9 day", "value": 50, "unit": "percent"}
        | {"log_se": 0.2, "set": "shift = 1 mg/L"},
    ]
    free = 'k = { lower = 0.001, upper = 1, unit = "1/day", prior = "flat" }\n'
    objective = objective_of(FitProblem.load(project(rows, FIT + free + BETWEEN.replace("level", "k"))))
    assert isinstance(objective, StudyEffectsObjective)
    shrunk = 5 * np.exp(-0.05 * np.array([7.0, 3.0, 9.0]))
    values = [shrunk[0], 2000 * shrunk[1], 100 * (shrunk[2] + 1) / 6]
    assert [one.interval.value for one in objective.predicted(objective.start, objective.problem.targets)] == (
        pytest.approx(values, rel=1e-6)
    )
    model = objective.studies.model
    at = objective.modes(objective.start)
    found = model.predict(at.values.fixed, 0 * at.random, model.everyone)
    in_errors = [np.log(values[0]) / 0.1, values[1] / 100, np.log(values[2]) / 0.2]
    assert sorted(found[model.observations.present]) == pytest.approx(sorted(in_errors), rel=1e-6)
    linear = model.linearise(at.values.fixed, 0 * at.random, model.everyone)
    moved = (at.values.fixed + np.array([0.0, step]) for step in (1e-5, -1e-5))
    above, below = (model.predict(fixed, 0 * at.random, model.everyone) for fixed in moved)
    assert linear.by_fixed[..., 1] == pytest.approx((above - below) / 2e-5, rel=1e-5)


def test_sources_with_and_without_covariances_are_one_fit(project):
    other = [row | {"study": "two", "value": 1.1 * row["value"]} for row in MOMENTS[:2]]
    free = 'k = { lower = 0.001, upper = 1, unit = "1/day", prior = "flat" }\n'
    spreads = "[spreads]\nlevel = { lower = 0.01, upper = 1, prior = 'flat' }\n"
    both = fit(project(MOMENTS + other, FIT + free + NORMAL + spreads))
    one = fit(project(MOMENTS, FIT + free + NORMAL + spreads))
    assert one.estimates["level"].value == pytest.approx(5.0, rel=0.05)
    assert one.estimates["level"].value < both.estimates["level"].value < 1.1 * one.estimates["level"].value
    assert [row.inside() for row in one.predicted] == [True, True, True]


def test_a_planned_study_is_read_back(project, tmp_path):
    visits = VisitSchedule([Series(name="blood", outputs=["Y"], at=["0 day", "5 day", "20 day"])])
    path = project(MOMENTS, FIT + 'k = { lower = 0.001, upper = 1, unit = "1/day", prior = "flat" }\n' + NORMAL)
    table = datagen(
        tmp_path / "models" / "model.toml", observe=visits, until="20 day", patients=800, seed=4,
        out=tmp_path / "fits" / "table.csv",
    )  # fmt: skip
    assert list(table["statistic"]) == 3 * ["mean"] + 3 * ["covariance"]
    fitted = fit(path)
    for name, truth in (("level", 5.0), ("k", 0.05)):
        row = fitted.estimates[name]
        assert abs(np.log(row.value / truth)) < 3 * row.log_se
    assert all(target.row.n == 800 for target in fitted.problem.targets)
    again = datagen(tmp_path / "models" / "model.toml", observe=visits, until="20 day", patients=800, seed=4)
    assert again.equals(table)


def test_the_command_prints_estimates_and_studies(project):
    path = str(project(LEVELS, FIT + BETWEEN))
    result = CliRunner().invoke(app, ["fit", path])
    assert result.exit_code == 0, result.output
    for text in ("level.between_studies", "minus twice the log likelihood", "study 3", "I squared"):
        assert text in result.output
    studies = json.loads(CliRunner().invoke(app, ["fit", path, "--json"]).stdout)["studies"]["level"]
    assert [row["estimate"] for row in studies["studies"].values()] == pytest.approx(VALUES)


def test_the_command_prints_moments(project):
    result = CliRunner().invoke(app, ["fit", str(project(MOMENTS, FIT + NORMAL)), "--json"])
    assert result.exit_code == 0, result.output
    assert [row["statistic"] for row in json.loads(result.stdout)["targets"]] == ["mean", "mean", "covariance"]


def changed(rows, index, **cells):
    return [row | (cells if number == index else {}) for number, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("rows", "text", "message"),
    [
        (LEVELS[:1], FIT + BETWEEN, "a variance between studies needs 2 at least"),
        (
            changed(LEVELS, 1, output="W"),
            FIT + BETWEEN,
            "table.csv:3: study 1, W, 0 day: model 'model' has no output 'W'",
        ),
        (changed(LEVELS, 1, study=""), FIT + BETWEEN, "table.csv:3: .study: missing"),
        (changed(LEVELS, 2, standard_error=""), FIT + BETWEEN, "needs log_se, a standard_error, an interval"),
        (LEVELS, FIT + BETWEEN.replace("level", "k"), "needs a row in [free]"),
        (changed(LEVELS, 0, set="level = 4 mg/L"), FIT + BETWEEN, "level is free; an arm sets what is known of it"),
        (LEVELS, FIT.replace("starts = 1", "discrepancy = 0.1") + BETWEEN, "leave one out"),
        (MOMENTS, FIT, "a covariance needs a population"),
        (changed(MOMENTS, 0, n=""), FIT + NORMAL, "the likelihood needs the number of patients n"),
        (changed(MOMENTS, 1, sd=""), FIT + NORMAL, "a mean of normal measurements needs its sd"),
        (
            changed(MOMENTS, 2, value=0.95),
            FIT + NORMAL,
            "table.csv:4: one, Y, 0 day, 9 day, covariance: the covariance",
        ),
        (changed(MOMENTS, 2, value=0.95), FIT + NORMAL, "look first at this, a correlation of 1.06"),
        (changed(MOMENTS, 2, with_time="8 day"), FIT + NORMAL, "there is no mean of Y at this time"),
        (changed(MOMENTS, 2, with_time=""), FIT + NORMAL, "a covariance needs 'with_time' or 'with_output'"),
        (changed(MOMENTS, 1, n=50), FIT + NORMAL, "are of different numbers of patients n"),
        (MOMENTS + changed(MOMENTS, 1, time="12 day")[1:2], FIT + NORMAL, "its covariance with"),
        (
            changed(MOMENTS, 0, statistic="median", sd=""),
            FIT + NORMAL,
            "is no moment: give a mean or covariance of counts",
        ),
        (MOMENTS, FIT + NORMAL + 'sampling = "quasi"\n', 'is of likelihood = "statistics"'),
        (MOMENTS, FIT + NORMAL.replace("normal", "statistics"), 'a covariance needs likelihood = "normal"'),
        (MOMENTS, FIT + NORMAL + BETWEEN, "is of a fit of the typical patient"),
        (MOMENTS + MOMENTS[:1], FIT + NORMAL, "duplicate name"),
        ([*MOMENTS, MOMENTS[0] | {"name": "again"}], FIT + NORMAL, "the arm has another mean of Y at this time"),
        ([*MOMENTS, MOMENTS[2] | {"name": "again", "value": 0.6}], FIT + NORMAL, "differs from what another row"),
        (changed(MOMENTS[:2], 0, output="Z"), FIT + NORMAL, "output 'Z' of model 'model' has no 'noise'"),
    ],
)
def test_faults_are_reported_with_the_row(project, rows, text, message):
    assert message in faults(project(rows, text))


def test_a_planned_study_has_more_patients_than_measurements(project, tmp_path):
    project(LEVELS, FIT)
    visits = VisitSchedule([Series(name="blood", outputs=["Y"], at=["0 day", "5 day", "20 day"])])
    with pytest.raises(InputError, match="need more than 3 patients, found 3"):
        datagen(tmp_path / "models" / "model.toml", observe=visits, until="20 day", patients=3)


def test_errors_that_are_not_of_logarithms_are_not_taken_for_those(project):
    with pytest.raises(InputError, match="has rows with a standard_error, such as 'study 0, Y, 0 day'"):
        crossvalidate(FitProblem.load(project(LEVELS, FIT)))


def test_studies_on_the_logarithm_have_an_interval_on_the_logarithm(project):
    rows = [row | {"standard_error": "", "log_se": 0.4} for row in LEVELS]
    result = fit(project(rows, FIT + BETWEEN.replace(', distribution = "normal"', "")))
    level, between = (result.estimates[name].value for name in ("level", "level.between_studies"))
    reach = 1.96 * np.hypot(0.4, between)
    ends = level * np.exp(-reach), level * np.exp(reach)
    assert result.predicted[0].interval.ends == pytest.approx(ends, rel=1e-3)


def test_rows_of_one_likelihood_are_not_predicted_one_by_one(project):
    with pytest.raises(InputError, match="'studies' has random effects of studies: its rows are of one likelihood"):
        crossvalidate(FitProblem.load(project(LEVELS, FIT + BETWEEN)))
