"""Fit problems as PEtab 2: what is read again has the likelihood of the fit, and what has no form is named."""

import csv
import importlib
import itertools
import math
import warnings

import numpy as np
import pytest
import sympy as sp

import kinetics
from kinetics import FitProblem, InputError, fit
from kinetics.estimate.search import objective_of
from kinetics.expressions import evaluate
from kinetics.interop.petab.formulas import parse_formula

pytest.importorskip("yaml", reason="PEtab needs the extra sbml")
pytest.importorskip("libsbml", reason="PEtab needs the extra sbml")
pytest.importorskip("petab", reason="PEtab needs the extra sbml")

REGIMENS = "../models/regimens"
A0 = 'lower = 0.1, upper = 10, unit = "1e9/L"'
G = 'lower = 0.001, upper = 1, unit = "1/day"'
S = 'lower = 0.01, upper = 100, unit = "1/mg/day", prior = "flat"'
SMALL = {"time": "0 day", "value": 3.0, "log_se": 0.1}
RECOVERY = {
    "kind": "time_to_threshold", "output": "N_blood", "level": "0.5 1e9/L", "value": 12, "unit": "day",
    "log_se": 0.2, "regimen": f"{REGIMENS}/once.toml",
}  # fmt: skip
INFUSED = """
[regimen]
title = "infusions of half a day, and a dose at once"
source = "choice"
[[courses]]
start = "1 day"
doses = [
  { drug = "drug", amount = "1 mg", duration = "0.5 day" },
  { drug = "drug", amount = "2 mg", start = "3 day" },
]
"""
N = {"output": "N_blood", "log_se": 0.2}
ARMS = [
    {"time": "5 day", "value": 900, "unit": "cells/uL", "log_se": 0.1},
    {"time": "5 day", "value": 1.1, "log_se": 0.3, "set": "j = 2"},
    {"time": "2 day", "value": 0.3, "standard_error": 0.02, "set": "j = 2"},
    {**N, "time": "2 day", "value": 0.2, "regimen": f"{REGIMENS}/once.toml"},
    {**N, "time": "70 day", "value": 0.3, "regimen": f"{REGIMENS}/twice.toml"},
    {**N, "time": "30 day", "value": 80, "unit": "percent", "kind": "percent_of_baseline", "set": "N0 = 2 1e9/L",
     "regimen": f"{REGIMENS}/once.toml"},
    {**N, "time": "4 day", "value": 0.1, "regimen": f"{REGIMENS}/infused.toml"},
    {"output": "D_blood", "time": "61 day", "value": 0.2, "unit": "mg", "log_se": 0.1,
     "regimen": f"{REGIMENS}/twice.toml"},
]  # fmt: skip


def exported(problem, folder):
    """The problem, written and read again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem.to_petab(folder)
    return FitProblem.from_petab(folder / f"{problem.name}.yaml")


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def constant(targets):
    """What densities have beside the residual: ln(s sqrt(2 pi)), and of log-normal noise ln of the value."""
    scales = [one.error_sd * (1.0 if one.row.on_own_scale else one.row.value) for one in targets]
    return sum(math.log(scale * math.sqrt(2 * math.pi)) for scale in scales)


def assert_same_likelihood(problem, again, values):
    """Log-likelihood of the rows that PEtab has a form for, and its derivatives by logarithms."""
    measured = {(row.value, row.time) for row in again.tables.measurements}
    objective, kept = objective_of(problem), [(t.row.value, t.horizon()) in measured for t in problem.fitted]
    rows = objective.rows(problem.log_parameters(values), objective.names)
    residual, jacobian = rows.values[kept], rows.jacobian[kept]
    found = again.objective(values, gradient=True)
    likelihood = -0.5 * float(residual @ residual) - constant(itertools.compress(problem.fitted, kept))
    assert found.llh == pytest.approx(likelihood, abs=1e-6)
    by_logarithm = dict(zip(found.names, found.gradient, strict=True))
    slopes = [by_logarithm[name] * values[name] for name in objective.names]
    assert slopes == pytest.approx(-residual @ jacobian, rel=1e-4, abs=1e-5)


def test_arms_that_differ_in_values_and_in_doses(project, tmp_path):
    (project.models / "regimens" / "infused.toml").write_text(INFUSED)
    problem = FitProblem.load(project.fit(*ARMS, free={"A0": A0, "g": G, "s": S}))
    again = exported(problem, tmp_path / "out")
    assert len(again.tables.measurements) == len(ARMS)
    assert not (tmp_path / "out" / "lymphokinetics.tsv").exists()
    for values in ({"A0": 2.0, "g": 0.05, "s": 5.0}, {"A0": 1.4, "g": 0.09, "s": 2.0}):
        assert_same_likelihood(problem, again, values)


@pytest.mark.filterwarnings("ignore")
def test_arms_run_elsewhere(project, tmp_path):
    """The program of PEtab makes events of the periods, and libroadrunner finds the same values at all rows."""
    roadrunner = pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
    libsbml, v2, converters = map(importlib.import_module, ("libsbml", "petab.v2", "petab.v2.converters"))
    (project.models / "regimens" / "infused.toml").write_text(INFUSED)
    problem = FitProblem.load(project.fit(*ARMS, free={"A0": A0, "g": G, "s": S}))
    again, found = exported(problem, tmp_path / "out"), []
    theirs = converters.ExperimentsToSbmlConverter(v2.Problem.from_yaml(again.tables.path)).convert()
    symbols = {name: sp.Symbol(name, real=True) for name in ("A_blood", "N_blood", "D_blood", "baseline_N_blood")}
    for row in again.tables.measurements:
        document = theirs.model.sbml_document.clone()
        document.getModel().getParameter(f"_petab_experiment_indicator_{row.experiment}").setValue(1.0)
        runner = roadrunner.RoadRunner(libsbml.writeSBMLToString(document))
        runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-10, 1e-13
        runner.timeCourseSelections = list(symbols)
        end = np.asarray(runner.simulate(0, row.time, 2))[-1]
        formula = parse_formula(again.tables.observables[row.observable].formula, symbols)
        found.append(evaluate(formula, dict(zip(symbols.values(), end.tolist(), strict=True))))
    assert found == pytest.approx(again.objective().simulations, rel=1e-6)


def test_priors_are_those_of_the_fit(project, tmp_path):
    """PEtab has densities of parameters, a fit of their logarithms: the difference is the sum of the logarithms."""
    problem = FitProblem.load(project.fit(*ARMS[:1], free={"A0": A0, "g": G, "s": S}))
    again, objective = exported(problem, tmp_path / "out"), objective_of(problem)
    points = [{"A0": 2.0, "g": 0.05, "s": 5.0}, {"A0": 4.0, "g": 0.01, "s": 70.0}]
    logs = [problem.log_parameters(point) for point in points]
    theirs = [again.objective(point).log_prior + log.sum() for point, log in zip(points, logs, strict=True)]
    ours = [objective.log_prior(log) for log in logs]
    assert theirs[1] - theirs[0] == pytest.approx(ours[1] - ours[0], rel=1e-9)
    assert [row["priorDistribution"] for row in rows_of(tmp_path / "out" / "parameters.tsv")] == [
        "log-normal", "log-normal", "log-uniform",
    ]  # fmt: skip


def test_a_problem_with_doses_can_be_fitted_when_it_is_read_again(project, tmp_path):
    """Flat priors of one parameter and one row: the fit meets the row, whoever makes it."""
    row = {**N, "time": "10 day", "value": 0.4, "log_se": 0.01, "regimen": f"{REGIMENS}/once.toml"}
    problem = FitProblem.load(project.fit(row, free={"g": f'{G}, prior = "flat"'}))
    ours, theirs = fit(problem, starts=1).estimates["g"].value, fit(exported(problem, tmp_path / "out"), starts=3)
    assert theirs.values.simulations == pytest.approx([0.4], rel=2e-3)  # a prior flat in ln g is none flat in g
    assert theirs.estimates["g"] == pytest.approx(ours, rel=2e-3)


def test_rows_without_a_form_stand_beside_and_are_named(project, tmp_path):
    ranged = {**N, "time": "3 day", "value": "", "lower": 0.5, "upper": 0.7, "statistic": "range"}
    problem = FitProblem.load(project.fit(SMALL, RECOVERY, ranged, free={"A0": A0}, header="discrepancy = 0.1"))
    with pytest.warns(UserWarning, match="PEtab has no likelihood of these rows.*row_3, row_2"):
        text = kinetics.export(problem, out=tmp_path / "out")
    assert "lymphokinetics:" in text
    beside = rows_of(tmp_path / "out" / "lymphokinetics.tsv")
    assert [(row["name"], row["kind"], row["level"]) for row in beside] == [
        ("row_3", "count", ""), ("row_2", "time_to_threshold", "0.5 1e9/L"),
    ]  # fmt: skip
    experiments = {row["experimentId"] for row in rows_of(tmp_path / "out" / "experiments.tsv")}
    assert {row["experimentId"] for row in beside} <= experiments
    again = FitProblem.from_petab(tmp_path / "out" / "one.yaml")
    assert [row.value for row in again.tables.measurements] == [3.0]


def test_an_output_that_a_dose_changes_at_its_time_stands_beside(project, tmp_path):
    """A fit reads it before the dose, PEtab behind it: only an output that the dose leaves as it is can be read."""
    twice = {"regimen": f"{REGIMENS}/twice.toml", "log_se": 0.1, "time": "60 day"}
    dosed = {"output": "D_blood", "value": 0.2, "unit": "mg", **twice}
    others = [{**N, **twice, "value": value, "time": time} for time, value in (("60 day", 0.9), ("70 day", 0.3))]
    problem = FitProblem.load(project.fit(dosed, *others, free={"g": G, "s": S}))
    again = exported(problem, tmp_path / "out")
    assert [row["name"] for row in rows_of(tmp_path / "out" / "lymphokinetics.tsv")] == ["row_1"]
    assert_same_likelihood(problem, again, {"g": 0.05, "s": 5.0})


def test_a_dose_at_the_start_is_added_to_the_initial_value(project, tmp_path):
    """A(t) = (A0 + dose) exp(-k t): the linter allows no state in what is set at the start."""
    text = project.model.read_text().replace(
        '[states.D]\nunit = "mg"\ninitial = "0"', '[states.D]\nunit = "mg"\ninitial = "m*j"'
    )
    project.model.write_text(
        text.replace("[derived]", 'm = { value = 3.0, unit = "mg", source = "choice" }\n[derived]', 1)
    )
    row = {"output": "D_blood", "time": "2 day", "value": 0.5, "unit": "mg", "log_se": 0.1}
    rows = [{**row, "regimen": f"{REGIMENS}/once.toml", **more} for more in ({}, {"set": "j = 2"})]
    free = {"m": 'lower = 0.1, upper = 10, unit = "mg", prior = "flat"'}
    again = exported(FitProblem.load(project.fit(*rows, free=free)), tmp_path / "out")
    values = again.objective({"m": 1.5}, gradient=True)
    assert values.simulations == pytest.approx([2.5 * math.exp(-2), 4.0 * math.exp(-2)], rel=1e-6)
    distances = [math.log(value / 0.5) / 0.01 for value in values.simulations]
    assert values.gradient == pytest.approx([-distances[0] / 2.5 - 2 * distances[1] / 4.0], rel=1e-5)


def test_nominal_values_are_the_committed_estimates(project, tmp_path):
    problem = FitProblem.load(project.fit(SMALL, free={"A0": f'{A0}, prior = "flat"'}))
    fit(problem).save()
    exported(problem, tmp_path / "out")
    (row,) = rows_of(tmp_path / "out" / "parameters.tsv")
    assert float(row["nominalValue"]) == pytest.approx(3.0, rel=1e-6)


@pytest.mark.parametrize(
    ("fit_name", "said"),
    [
        ("care_ms_course_1_population", "summaries of a population"),
        ("secondary_autoimmunity", "summaries of a population"),
        ("hill_cawthorne_2012", "no row is a value of an output at a time"),
    ],
)
def test_fits_without_any_form_are_refused(tmp_path, fit_name, said):
    with pytest.raises(InputError, match=said):
        kinetics.export(fit_name, "petab", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "petab"}, "name a folder"),
        ({"format": "petab", "out": "X", "cohort": "first"}, "cohort: a fit problem names those of its rows"),
        ({"format": "petab", "out": "X", "regimen": "once"}, "regimen: a fit problem names those of its rows"),
        ({"format": "sbml", "out": "X.xml"}, "is written as petab alone"),
        ({"format": "petab", "out": "fits/one.toml"}, "cannot be a folder"),
    ],
)
def test_what_a_fit_problem_does_not_take(project, tmp_path, monkeypatch, options, said):
    problem = FitProblem.load(project.fit(SMALL, free={"A0": A0}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        kinetics.export(problem, **options)
    assert not (tmp_path / "X").exists()


def test_a_model_is_no_fit_problem(tmp_path):
    with pytest.raises(InputError, match="must be a FitProblem"):
        kinetics.export(kinetics.Model.load("rituximab"), "petab", out=tmp_path / "out")
    with pytest.raises(InputError, match="rituximab"):
        kinetics.export("rituximab", "petab", out=tmp_path / "out")
