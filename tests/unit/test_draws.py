"""Draws of parameters, and the files estimates are kept in."""

import re
import time
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import fits_folder, result_path
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.estimate import Estimates, FitProblem, fit
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.estimate.tree import FACTS
from kinetics.model import Model
from kinetics.results import read_result, write_result

A0 = 'lower = 0.1, upper = 10, unit = "1e9/L"'
K = 'lower = 0.001, upper = 1, unit = "1/day", prior = "flat"'


@pytest.fixture
def chain(project):
    """Fit ``one`` estimates A0 and c; fit ``two`` estimates k with these fixed: ln A(10) = ln A0 - 10 k."""
    rows = (
        {"time": "0 day", "value": 3.0, "log_se": 0.05},
        {"output": "Q", "time": "0 day", "value": 4.0, "log_se": 0.1},
    )
    free = {"A0": f'{A0}, prior = "flat"', "c": 'lower = 0.1, upper = 10, unit = "1", prior = "flat"'}
    one = project.fit(*(row | {"cohort": "first"} for row in rows), free=free, name="one")
    first = fit(FitProblem.load(one))
    first.estimates.save(result_path(one))
    row = {"time": "10 day", "value": 0.5, "log_se": 0.1, "cohort": "second"}
    two = project.fit(row, free={"k": K}, name="two")
    second = fit(FitProblem.load(two))
    second.estimates.save(result_path(two))
    return project, first, second


def test_a_fit_follows_the_parameters_another_fit_estimated_as_its_closed_form_does(chain):
    _, first, second = chain
    kept = second.estimates
    k = np.log(3.0 / 0.5) / 10
    assert first.estimates.values == pytest.approx([3.0, np.sqrt(4 / 3)], rel=1e-5)
    assert kept.values == pytest.approx([k], rel=1e-5)
    assert kept.earlier == ("A0", "c")
    assert kept.earlier_values == pytest.approx(first.estimates.values, rel=1e-8)
    # k = (ln A0 - ln 0.5)/10, so d ln k / d ln A0 = 1/(10 k); A does not depend on c
    np.testing.assert_allclose(kept.response, [[1 / (10 * k), 0.0]], atol=1e-6)
    assert kept.log_se == pytest.approx([0.1 / (10 * k)], rel=1e-5)


def test_joint_draws_have_the_covariance_of_both_fits(chain):
    project, first, second = chain
    model = Model.load(project.model)
    fits = chain_of_fits(model, second.estimates, "second")
    assert [one.fit for one in fits] == ["one", "two"]
    count = 4000
    drawn = [one.values for one in drawn_cohorts(compile_model(model), fits, "second", count, seed=5)]
    logs = np.log([[values[name] for name in ("A0", "c", "k")] for values in drawn])
    own, response = first.estimates.covariance, second.estimates.response
    below = response @ own
    joint = np.block([[own, below.T], [below, below @ response.T + second.estimates.covariance]])
    size = np.sqrt(np.diag(joint))
    # a sample covariance of n normal draws has a standard error of at most sqrt(2/n) of the scales: five of them
    np.testing.assert_allclose(
        np.cov(logs.T) / np.outer(size, size), joint / np.outer(size, size), atol=5 * np.sqrt(2 / count)
    )
    np.testing.assert_allclose(logs.mean(axis=0), np.log([3, np.sqrt(4 / 3), np.log(6) / 10]), atol=5 * size.max() / 60)
    slope = np.linalg.lstsq(logs[:, :2] - logs[:, :2].mean(axis=0), logs[:, 2] - logs[:, 2].mean(), rcond=None)[0]
    spread = second.estimates.log_se[0] / np.sqrt(count) / logs[:, :2].std(axis=0)
    np.testing.assert_array_less(np.abs(slope - response[0]), 6 * spread)
    others = set(drawn[0]) - {"A0", "c", "k"} - set(estimated_cohort(model, fits, "second").priors)
    assert all({values[name] for values in drawn} == {drawn[0][name]} for name in others)


def test_draw_k_depends_on_the_seed_and_k_alone(chain):
    project, _, second = chain
    system = compile_model(Model.load(project.model))
    fits = chain_of_fits(system.model, second.estimates, "second")
    few, many = (drawn_cohorts(system, fits, "second", count, seed=1) for count in (3, 6))
    assert few == many[:3]
    assert drawn_cohorts(system, fits, "second", 3, seed=2)[0] != few[0]
    assert len({one.values["k"] for one in many}) == 6


@pytest.mark.parametrize("noise", [1e-6, 1e-9])
def test_a_rounding_of_the_covariance_does_not_move_the_draws(noise):
    model = Model.load("reconstitution")
    system = compile_model(model)
    committed = Estimates.read(fits_folder(model.path) / "care_ms_course_1.result.toml")
    rounding = np.random.default_rng(0).standard_normal(committed.covariance.shape)
    rounded = committed.covariance * (1 + noise * (rounding + rounding.T) / 2)
    draws = [
        drawn_cohorts(system, [replace(committed, covariance=covariance)], "relapsing", 5, seed=1)
        for covariance in (committed.covariance, rounded)
    ]
    for one, other in zip(*draws, strict=True):
        logs = [np.log(one.values[flat] / other.values[flat]) for flat in map(model.flat_name, committed.names)]
        assert np.abs(logs).max() < 10 * noise


def test_typical_values_are_those_of_the_cohort(chain):
    project, _, second = chain
    model = Model.load(project.model)
    typical = estimated_cohort(model, chain_of_fits(model, second.estimates, "second"), "second")
    assert typical.values == pytest.approx(cohort_parameters(model, "second").values, rel=1e-9)


def test_a_later_fit_follows_a_fresh_earlier_one(chain):
    project, first, _ = chain
    model = Model.load(project.model)
    fresh = replace(first.estimates, values=first.estimates.values * [1.1, 1.0])
    fits = chain_of_fits(model, fresh, "second")
    assert [one.fit for one in fits] == ["one", "two"]
    assert fits[0] is fresh
    typical = estimated_cohort(model, fits, "second").values
    k = np.log(3.0 / 0.5) / 10
    assert typical["A0"] == pytest.approx(3.3, rel=1e-5)
    assert typical["k"] == pytest.approx(k * 1.1 ** (1 / (10 * k)), rel=1e-5)


def test_draws_stay_within_the_minima_of_the_model(chain):
    project, first, _ = chain
    model = Model.load(project.model)
    wide = replace(
        first.estimates,
        names=("g", "c"),
        units=("1/day", "1"),
        values=np.array([0.5, 1.0]),
        covariance=np.diag([4.0, 0.01]),
    )
    drawn = drawn_cohorts(compile_model(model), [wide], "first", 100, seed=0)
    assert 0.3 < np.max([one.values["g"] for one in drawn]) <= 1.0
    hopeless = replace(wide, values=np.array([1e6, 1.0]), covariance=np.diag([1e-6, 0.01]))
    with pytest.raises(InputError, match="no admissible draw in 1000: the covariance of one is too wide"):
        drawn_cohorts(compile_model(model), [hopeless], "first", 1, seed=0)


def test_a_fit_that_says_nothing_of_a_cohort_is_refused(chain):
    project, _, second = chain
    model = Model.load(project.model)
    fits = chain_of_fits(model, second.estimates, "first")
    with pytest.raises(InputError, match="fit 'two' is of cohort 'second', from which cohort 'first' takes nothing"):
        estimated_cohort(model, fits, "first")


def test_a_fit_before_that_has_no_result_is_asked_for(chain):
    project, _, second = chain
    (project.fits / "one.result.toml").unlink()
    with pytest.raises(InputError, match=r"one\.result\.toml"):
        chain_of_fits(Model.load(project.model), second.estimates, "second")


def assert_same(one: Estimates, other: Estimates, rtol: float) -> None:
    for key in ("fit", "model", "cohort", "names", "units", "verdicts", "earlier"):
        assert getattr(one, key) == getattr(other, key)
    for key in ("values", "covariance", "earlier_values", "response"):
        np.testing.assert_allclose(getattr(one, key), getattr(other, key), rtol=rtol, atol=1e-15)
    assert set(one.facts) == set(other.facts) == set(FACTS)
    for key, fact in one.facts.items():
        assert other.facts[key] == (
            fact if isinstance(fact, str) else pytest.approx(fact, rel=max(rtol, 1e-15), nan_ok=True)
        )


@pytest.mark.parametrize("index", [1, 2])
def test_estimates_survive_their_file(chain, index, tmp_path):
    kept = chain[index].estimates
    (tmp_path / "elsewhere").mkdir()
    for path in (chain[0].fits / "again.result.toml", tmp_path / "elsewhere" / "again.result.toml"):
        kept.save(path)
        assert_same(Estimates.read(path), kept, rtol=1e-9)
        assert tomllib.loads(path.read_text())["result"]["model"].startswith("../")


@pytest.mark.parametrize("index", [1, 2])
def test_estimates_survive_netcdf_and_can_be_committed_from_there(chain, index, tmp_path):
    found = chain[index]
    write_result(found.tree(), tmp_path / "fit.nc")
    back = Estimates.from_tree(read_result(tmp_path / "fit.nc"))
    assert_same(back, found.estimates, rtol=0)
    back.save(tmp_path / "fit.result.toml")
    assert_same(Estimates.read(tmp_path / "fit.result.toml"), found.estimates, rtol=1e-9)


def test_text_in_a_result_is_quoted_whatever_a_file_may_hold(chain, tmp_path):
    about = 'a "quote", a \\, a line\nbreak, \U0001f600 and = [x]'
    kept = replace(chain[1].estimates, facts=chain[1].estimates.facts | {"about": about, "condition_number": np.inf})
    kept.save(tmp_path / "a.result.toml")
    assert Estimates.read(tmp_path / "a.result.toml").facts["about"] == about


def test_a_tree_that_is_no_fit_is_refused():
    with pytest.raises(InputError, match="not the result of a fit"):
        Estimates.from_tree(xr.DataTree(xr.Dataset({"CD4": ("time", [1.0])})))


COVARIANCE = r"\[covariance\]\nlog = \[\n.*\n.*\n\]"


@pytest.mark.parametrize(
    ("pattern", "text", "name", "message"),
    [
        (COVARIANCE, "[covariance]\nlog = [[1.0]]", "covariance.log", "2 rows of 2"),
        (COVARIANCE, "[covariance]\nlog = [[1.0, 2.0], [2.0, 1.0]]", "covariance.log", "no covariance"),
        (COVARIANCE, "[covariance]\nlog = [[1.0, 0.5], [0.1, 1.0]]", "covariance.log", "no covariance"),
        (COVARIANCE, "[covariance]\nlog = [[1.0, nan], [nan, 1.0]]", "covariance.log", "finite"),
        (COVARIANCE, "[covariance]\nlog = [[1.0, 0.0], [1.0]]", "covariance.log", "2 rows of 2"),
        (COVARIANCE, "", "covariance", "must be a table"),
        (r"given = \[\]", 'given = ["k"]', "response.at", "needs 1 values"),
        (r"at = \[\]", "at = [1.0]", "response.at", "needs 0 values"),
        (r"\nat = \[\]", "", "response", "missing 'at'"),
        (r'fit = "one"', "fit = 1", "result.fit", "string"),
        (r"value = [0-9.]+", "value = inf", "estimates.A0.value", "finite"),
        (r"value = [0-9.]+", "value = 1e999", "estimates.A0.value", "finite"),
        (r"log_se = [0-9.]+", "log_se = -1.0", "estimates.A0.log_se", "greater than or equal to 0"),
        (r"\[estimates\]\n.*\n.*\n", "[estimates]\n", "estimates", "there are no estimates"),
        (r"\[result\]", "[result]\ncolour = 1", "result.colour", "unknown key"),
        (r"\[result\]", "[result", "", "not valid TOML"),
    ],
)  # fmt: skip
def test_each_fault_of_a_result_has_file_line_and_name(chain, pattern, text, name, message):
    path = chain[0].fits / "one.result.toml"
    changed, count = re.subn(pattern, text, path.read_text(), count=1)
    assert count
    path.write_text(changed)
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        Estimates.read(path)
    assert time.process_time() - started < 1
    found = str(caught.value).splitlines()
    assert any(
        re.match(rf"{re.escape(str(path))}:\d+: {re.escape(name)}", line) and message in line for line in found
    ), found


def test_a_result_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Estimates.read(tmp_path / "absent.result.toml")
