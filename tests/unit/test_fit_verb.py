"""The verb `fit` and its result: names, settings, verbs that chain, short texts, files."""

import re

import numpy as np
import pytest

from kinetics.errors import InputError, UnknownNameError
from kinetics.estimate import Estimates, FitInterrupted, FitProblem, fit, refit
from kinetics.estimate.objective.base import BaseObjective
from kinetics.results import read_result
from kinetics.text.numbers import number_text

A0 = 'lower = 0.01, upper = 100, unit = "1e9/L"'
C = 'lower = 0.01, upper = 100, unit = "1"'
ROWS = (
    {"time": "5 day", "value": 1.0, "log_se": 0.1},
    {"output": "Q", "time": "2 day", "value": 1500, "unit": "cells/uL", "log_se": 0.2},
)


@pytest.fixture
def path(project):
    return project.fit(*ROWS, free={"A0": A0, "c": C}, header="starts = 2")


def test_one_call_does_all_and_builds_its_objective_once(path, tmp_path, monkeypatch):
    built, original = [], BaseObjective.__init__

    def counted(self, problem):
        built.append(problem)
        original(self, problem)

    monkeypatch.setattr(BaseObjective, "__init__", counted)
    result = fit(str(path), profile="all", posterior=100, out=tmp_path / "fit.nc")
    assert len(built) == 1
    assert [profile.index for profile in result.profiles] == [0, 1]
    assert result.posterior is not None
    assert result.posterior.log_density.size >= 100
    assert {"profiles", "posterior"} <= set(read_result(tmp_path / "fit.nc").children)


def test_verbs_of_the_result_give_what_the_call_gives(path):
    whole = fit(path, profile=["c"], posterior=100)
    parts = fit(path).profile("c").sample(100)
    assert parts.summary() == whole.summary()
    np.testing.assert_array_equal(parts.profiles[0].points, whole.profiles[0].points)


def test_texts_are_short_and_say_what_they_are_of(path):
    result = fit(path).profile("c")
    assert repr(result).startswith("<Fit of 'one': 2 estimates, cost ")
    assert (
        repr(result.problem)
        == "<FitProblem 'one' of 'toy', the typical patient: 2 free parameters, 2 of 2 rows fitted>"
    )
    assert repr(result.estimates).startswith("<Estimates of 'one': A0=")
    table = result.table()
    assert list(table.index) == ["A0", "c"]
    assert table.loc["c", "lower by profile"] < table.loc["c", "estimate"] < table.loc["c", "upper by profile"]
    assert "<table" in result._repr_html_()
    assert "<td>A0</td>" in result.problem._repr_html_()
    assert "<td>A0</td>" in result.estimates._repr_html_()


def test_a_profile_says_of_what_it_is_and_where_it_ends(path):
    result = fit(path, profile="c")
    lower, upper = result.profiles[0].interval
    estimate = result.estimates["c"].value
    ends = f"95 % {number_text(lower)} to {number_text(upper)}"
    assert repr(result.profiles) == f"(<Profile of c: {number_text(estimate)}, {ends}>,)"
    assert "profiled c, " in repr(result)
    assert repr(result.profile("A0").profiles[0]).startswith("<Profile of A0: ")
    assert " 1e9/L, 95 % " in repr(result.profile("A0", resume=True).profiles[0])


@pytest.mark.parametrize(
    ("habit", "instead"),
    [
        ("params", "fit.estimates['NAME']"),
        ("fit_report", "kinetics.report(fit)"),
        ("report", "kinetics.report(fit)"),
        ("draw", "fit.plot()"),
        ("conf_interval", "fit.profile()"),
        ("success", "fit.best.converged"),
        ("predict", "kinetics.predict(fit"),
        ("best_values", "fit.table()"),
    ],
)
def test_a_habit_of_another_package_says_where_the_thing_is(path, habit, instead):
    with pytest.raises(AttributeError, match=re.escape(instead)):
        getattr(fit(path, starts=1), habit)


def test_estimates_are_taken_by_name(path):
    estimates = fit(path, starts=1).estimates
    assert list(estimates) == ["A0", "c"]
    assert (estimates["A0"].value, estimates["A0"].unit) == estimates.rows["A0"]
    with pytest.raises(UnknownNameError, match=r"fit 'one' has no estimate 'A'; did you mean 'A0'\?"):
        estimates["A"]


def test_settings_of_the_call_replace_those_of_the_file(path):
    result = fit(path, starts=3, seed=9, engine="scipy")
    assert (len(result.searches), result.estimates.facts["seed"], result.problem.engine) == (3, 9, "scipy")
    assert not np.array_equal(result.searches[1].start, fit(path).searches[1].start)


def test_a_result_is_saved_beside_its_problem_or_where_it_is_told(path, tmp_path):
    result = fit(path)
    assert result.save() == path.with_name("one.result.toml")
    assert Estimates.load(path).values == pytest.approx(result.estimates.values, rel=1e-9)
    assert Estimates.load(result.save(tmp_path / "other.nc")).values == pytest.approx(result.estimates.values, rel=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"profile": "q"}, "profile: 'q' is not free in one; there are A0, c"),
        ({"profile": []}, "profile: name at least one parameter, or all"),
        ({"posterior": True}, "posterior: must be a number of draws, such as 1000; found True"),
        ({"posterior": 0}, "posterior: must be a number of draws"),
        ({"starts": 0}, "starts: must be a whole number from 1 to 1000; found 0"),
        ({"seed": -1}, "seed: must be a whole number from 0 to"),
        ({"engine": "abacus"}, "engine: unknown engine 'abacus'; there are auto, scipy, batch"),
        ({"out": "fit.txt"}, r"out: end the name in \.nc; found 'fit.txt'"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_right(path, wrong, message):
    with pytest.raises(InputError, match=message):
        fit(path, **wrong)


def test_an_interrupted_profile_and_posterior_go_on_to_the_same_numbers(path, caplog):
    caplog.set_level("DEBUG", logger="kinetics.estimate")
    whole = fit(path, profile="all", posterior=200)

    def in_second_profile(done, total):
        if caplog.messages[-1].startswith("profile 2 of 2, c at "):
            assert (done, total) == (1, 2)
            raise KeyboardInterrupt

    def in_posterior(done, total):
        if caplog.messages[-1] == "points of the posterior" and done == 40:
            raise KeyboardInterrupt

    with pytest.raises(FitInterrupted, match="1 of 2 profiles are done and kept"):
        fit(path, profile="all", posterior=200, progress=in_second_profile)
    with pytest.raises(FitInterrupted, match="steps of the posterior are done and kept"):
        fit(path, profile="all", posterior=200, resume=True, progress=in_posterior)
    rest = fit(path, profile="all", posterior=200, resume=True)
    assert rest.summary() == whole.summary()
    np.testing.assert_array_equal(rest.posterior.logs, whole.posterior.logs)


def test_refits_are_kept_and_go_on(project, tmp_path):
    text = project.model.read_text().replace("A0 = { ", "A0 = { spread = 0.4, ")
    project.model.write_text(text.replace('value = "A" }', 'value = "A", noise = 0.1 }'))
    path = project.fit({"time": "0 day", "value": 2.0, "sd": 1.0, "n": 36}, free={"A0": A0}, header="starts = 1")
    path.write_text(path.read_text() + "[population]\npatients = 32\n")
    out, truth = tmp_path / "refits.json", {"A0": "2 1e9/L"}

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(FitInterrupted, match=r"2 of 3 refits are done and kept in .*refits\.json; the same call"):
        refit(path, truth=truth, replicates=3, out=out, progress=interrupt)
    counted = []
    study = refit(path, truth=truth, replicates=3, out=out, resume=True, progress=lambda done, _: counted.append(done))
    assert counted == [2, 3]
    assert [one.log_estimates for one in study.refits] == [
        one.log_estimates for one in refit(str(path), truth={"A0": 2.0}, replicates=3).refits
    ]
    assert repr(study) == "<SimulationStudy of 'one': 3 refits>"
    with pytest.raises(InputError, match="another problem, truth or seed; name another file, or leave out --resume"):
        refit(path, truth=truth, replicates=3, seed=1, out=out, resume=True)
    for wrong, message in (
        ({}, "A0: has no committed estimate; give its truth with --set A0=... .in Python truth={'A0': ...}"),
        ({"truth": {"c": 1}}, "truth of c: is not free in fit 'one'"),
        ({"truth": {"A0": "-2 1e9/L"}}, "truth of A0: must be positive"),
        ({"truth": truth, "replicates": 1}, "replicates: bias and coverage need at least two"),
        ({"truth": truth, "resume": True}, "resume: goes on with the refits .*; name their file with out"),
    ):
        with pytest.raises(InputError, match=message):
            refit(path, **wrong)


def test_a_problem_says_which_parameters_it_has(path):
    problem = FitProblem.load(path)
    assert problem.indices("all") == [0, 1]
    assert problem.indices(["c", "A0", "c"]) == [0, 1]
