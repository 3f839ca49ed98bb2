"""The fit of a PEtab problem as a result: kept, profiled, read back, drawn; A = a0 exp(-k t) in closed form."""

import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import brentq

from kinetics import FitProblem, InputError, cite, draw, fit, read_result, report, show, write_report
from kinetics.estimate import FitInterrupted
from kinetics.estimate.petab import petab_summary
from kinetics.estimate.petab.searching import PetabSearches
from kinetics.interop.petab.objective.noise import Noise
from tests.petab_files import FILES, MEASURED, SIGMA, log_likelihood, write_problem

VALUES = np.array(list(MEASURED.values()))


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    return FitProblem.from_petab(write_problem(tmp_path_factory.mktemp("petab"), 1))


@pytest.fixture(scope="module")
def found(problem):
    return fit(problem, starts=3, profile="all")


def searched(result):
    return [(*one.start, *one.end, one.log_posterior, one.evaluations) for one in result.searches]


def test_an_interrupted_fit_goes_on_to_the_same_numbers(problem, found):
    """Each search is kept as soon as it ends; what is kept is not used unasked, and forgotten at the end."""

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(FitInterrupted, match="2 of 3 searches are done and kept") as caught:
        fit(problem, starts=3, progress=interrupt)
    assert caught.value.is_resumable
    steps = []
    resumed = fit(problem, starts=3, resume=True, progress=lambda done, total: steps.append(done))
    assert steps[0] == 2
    assert searched(resumed) == searched(found)
    fit(problem, starts=1, resume=True, progress=lambda done, total: steps.append(-done))
    assert 0 in steps


def test_a_worker_refuses_other_files_than_those_of_the_fit(tmp_path):
    path = write_problem(tmp_path, 2)
    text = PetabSearches(FitProblem.from_petab(path).with_settings(starts=2)).text()
    assert PetabSearches.from_text(text).problem.starts == 2
    path.with_name("measurements.tsv").write_text(FILES[2]["measurements.tsv"].replace("1.2", "1.3"))
    with pytest.raises(InputError, match="another problem than here; workers read its files"):
        PetabSearches.from_text(text)


def profile_height(name, value):
    """The log-likelihood with one parameter held and the other at its best."""
    grid = np.linspace(0.3, 4.0, 40_001) if name == "k" else np.linspace(0.05, 3.0, 40_001)
    times = np.array(list(MEASURED))[:, None]
    a0, k = (grid, value) if name == "k" else (value, grid)
    misfit = ((VALUES[:, None] - a0 * np.exp(-k * times)) / SIGMA) ** 2
    return -0.5 * misfit.sum(axis=0).min() - len(MEASURED) * math.log(SIGMA * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("name", ["a0", "k"])  # searched for as it is, and as its logarithm
def test_a_profile_falls_by_1_92_at_its_ends(found, name):
    best = found.values.llh
    own = petab_summary(found.tree())["estimates"][name]["profile"]
    assert (own["lower_end"], own["upper_end"]) == ("closed", "closed")
    estimate = found.estimates[name]
    for end, far in ((own["lower"], estimate / 3), (own["upper"], 3 * estimate)):
        known = brentq(lambda value: best - profile_height(name, value) - 1.920729, *sorted((estimate, far)))
        assert end == pytest.approx(known, abs=0.02 * abs(known - estimate))


def test_a_prior_belongs_to_the_profile(tmp_path):
    """Of one parameter in a linear problem it is a parabola: 1.96 of the standard deviation of the posterior."""
    rows = "parameterId\tlowerBound\tupperBound\tnominalValue\testimate\tpriorDistribution\tpriorParameters\n"
    rows += "a0\t0.1\t10\t2\ttrue\tnormal\t2.1;0.05\nk\t0.001\t100\t0.5\tfalse\t\t\n"
    one = fit(FitProblem.from_petab(write_problem(tmp_path, 2, parameters=rows)), starts=1, profile="a0")
    weights = np.exp(-0.5 * np.array(list(MEASURED)))
    precision = (weights**2).sum() / SIGMA**2 + 1 / 0.05**2
    middle = ((weights * VALUES).sum() / SIGMA**2 + 2.1 / 0.05**2) / precision
    own = one.summary()["estimates"]["a0"]["profile"]
    half = 1.959964 / math.sqrt(precision)
    assert (own["lower"], own["upper"]) == pytest.approx((middle - half, middle + half), abs=0.01 * half)


def test_what_is_written_is_what_is_read(found, problem, tmp_path):
    path = tmp_path / "found.nc"
    found.save(path)
    tree = read_result(path)
    for group, data in found.tree().children.items():
        xr.testing.assert_identical(tree[group].to_dataset(), data.to_dataset())
    assert petab_summary(tree) == found.summary()
    assert show(path) == report(tree) == report(found)
    said = {"seed": 0, "engine": "batch Rodas5P", "relative_tolerance": 1e-8, "absolute_tolerance": 1e-13}
    assert {name: tree.attrs[name] for name in said} == said
    assert found.summary()["file_hashes"].keys() == {"problem.yaml", *(name for name in FILES[1]), "model.xml"}
    assert tree.attrs["data_hash"] == problem.data_hash
    assert "schmiester_2021" in cite(path)


def test_the_figure_has_the_measurements_and_the_curve(found):
    """The curve is that of the estimates; the noise is a bar on either side; axes carry the name alone."""
    drawn = draw(found, width="single")
    data = drawn.data
    measured = data[data["kind"] == "measured"]
    assert dict(zip(measured["x"], measured["y"], strict=True)) == MEASURED
    np.testing.assert_allclose(measured["upper"] - measured["y"], SIGMA)
    np.testing.assert_allclose(measured["y"] - measured["lower"], SIGMA)
    curve = data[data["kind"] == "fitted"]
    a0, k = found.estimates["a0"], found.estimates["k"]
    np.testing.assert_allclose(curve["y"], a0 * np.exp(-k * curve["x"]), rtol=1e-6)
    assert (data["kind"] == "searches").sum() == len(found.searches)
    assert (drawn.axes[0].get_xlabel(), drawn.axes[0].get_ylabel()) == ("time", "of_A")
    assert f"Log-likelihood {log_likelihood(**found.estimates):.6g}" in drawn.caption


def test_a_result_of_an_earlier_version_is_refused_plainly(found):
    """It lacks what is shown now."""
    tree = found.tree()
    del tree.attrs["file_hashes"]
    with pytest.raises(InputError, match="is the fit of a PEtab problem of model 'model', and lacks what"):
        report(tree)
    with pytest.raises(InputError, match="has no group 'curves'"):
        draw(tree.drop_nodes("curves"))


def test_an_observable_that_is_not_measured_is_not_drawn(found):
    with pytest.raises(InputError, match="no measurement of 'of_B'; there are of_A"):
        draw(found, outputs=["of_B"])


def test_a_report_has_the_estimates_and_the_equations(found, tmp_path):
    write_report(found, tmp_path / "found.html")
    page = (tmp_path / "found.html").read_text()
    for word in ("Observables", "95 % by the profile", "SHA-256 of measurements.tsv", "<math"):
        assert word in page


def test_parameters_known_to_very_different_precision_all_have_an_interval(found):
    errors = replace(found, information=np.diag([1e12, 4.0])).standard_errors
    np.testing.assert_allclose(errors, [1e-6, 0.5])


def test_noise_much_larger_than_a_logarithm_can_be_is_drawn_on_a_linear_scale():
    lower, upper = Noise(np.array([1.0]), np.array(["lin"]), np.array([False])).scatter(np.array([1e4]))
    assert (lower[0], upper[0]) == (-9999.0, 10001.0)
