"""Population fits on the toy model: A(t) = A0 exp(-k j t), with A0, k between patients; N recovers after a drug."""

from dataclasses import replace

import numpy as np
import pytest
from numba import config, get_num_threads, set_num_threads

from kinetics.crossvalidation import crossvalidate
from kinetics.errors import ClusterError, InputError, IntegrationError
from kinetics.estimate import Estimates, FitProblem, fit
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.replicates.refits import refit_replicate
from kinetics.estimate.replicates.simulation_study import SimulationStudy, refit
from kinetics.estimate.replicates.synthetic import synthetic
from kinetics.estimate.search import minimise

FLAT = 'prior = "flat"'
A0 = f'lower = 0.1, upper = 20, unit = "1e9/L", {FLAT}'
K = f'lower = 0.005, upper = 1, unit = "1/day", {FLAT}'
G = f'lower = 0.005, upper = 0.9, unit = "1/day", {FLAT}'
SPREAD = f"lower = 0.02, upper = 2, {FLAT}"
NOISE = 0.1
COUNT = {"statistic": "mean", "n": 100}
RECOVERY = {
    "kind": "time_to_threshold",
    "output": "N_blood",
    "regimen": "../models/regimens/once.toml",
    "level": "0.5 1e9/L",
    "unit": "day",
    "visits": "visits.toml",
    "n": 60,
}
VISITS = """
[visits]
title = "every four days"
source = "choice"

[[series]]
name = "all"
at = ["0 day"]
every = "4 day"
until = "80 day"
"""


@pytest.fixture
def population(project):
    """Problems of a population: spreads of A0, k and g, noise on two outputs, visits every four days."""
    text = project.model.read_text()
    for name, spread in (("A0", 0.4), ("k", 0.3), ("g", 0.5)):
        text = text.replace(f"{name} = {{ ", f"{name} = {{ spread = {spread}, ", 1)
    for name in ("A_blood", "N_blood"):
        text = text.replace(f'{name} = {{ unit = "1e9/L",', f'{name} = {{ unit = "1e9/L", noise = {NOISE},')
    project.model.write_text(text)
    (project.fits / "visits.toml").write_text(VISITS)

    def make(*rows, free, spreads=(), patients=256, correlation="simulated", name="one", header="starts = 1"):
        path = project.fit(*rows, free=free, name=name, header=header)
        text = path.read_text() + f'\n[population]\npatients = {patients}\ncorrelation = "{correlation}"\n'
        text += "\n[spreads]\n" + "".join(f"{key} = {{ {SPREAD} }}\n" for key in spreads)
        path.write_text(text)
        return FitProblem.load(path)

    return make


def log_normal(mean, sd):
    """Median and log-SD of a log-normal."""
    variance = np.log(1 + (sd / mean) ** 2)
    return mean * np.exp(-variance / 2), np.sqrt(variance)


def test_mean_and_sd_give_the_log_normal_that_has_them(population):
    # two numbers, two parameters: met exactly but for the small bias of ln s; measurement adds its variance
    problem = population(
        COUNT | {"time": "0 day", "value": 2.0, "sd": 1.0, "n": 100_000},
        free={"A0": A0},
        spreads=["A0"],
        patients=4096,
    )
    found = fit(problem).estimates
    median, spread = log_normal(2.0, 1.0)
    assert found.names == ("A0", "A0.spread")
    # 4096 quasi-random patients carry the moments of a log-normal of CV 0.5 to a few per mille
    np.testing.assert_allclose(found.values, [median, np.sqrt(spread**2 - NOISE**2)], rtol=0.01)


def test_the_covariance_is_that_of_normal_theory_on_logarithms(population):
    # geometric mean and its interval are mean and standard error of a normal: cov = diag(s^2/n, 1/2n)
    n, spread = 400, 0.5
    half = np.exp(1.9659272 * spread / np.sqrt(n))  # Student's t, 399 degrees of freedom
    row = {"time": "0 day", "value": 2.0, "lower": 2.0 / half, "upper": 2.0 * half, "n": n}
    problem = population(row | {"statistic": "geometric_mean"}, free={"A0": A0}, spreads=["A0"], patients=2048)
    found = fit(problem).estimates
    own = np.sqrt(spread**2 - NOISE**2)
    np.testing.assert_allclose(found.values, [2.0, own], rtol=0.01)
    # d ln s / d ln omega = omega^2/s^2
    expected = [spread / np.sqrt(n), (spread / own) ** 2 / np.sqrt(2 * n)]
    np.testing.assert_allclose(found.log_se, expected, rtol=0.02)


@pytest.mark.parametrize("correlation", ["simulated", "none"])
def test_the_gradient_is_that_of_the_log_posterior(population, correlation):
    problem = population(
        COUNT | {"time": "0 day", "value": 2.2, "sd": 0.9},
        COUNT | {"time": "6 day", "value": 1.3, "sd": 0.8},
        COUNT | {"time": "9 day", "value": 0.9, "statistic": "median"},
        RECOVERY | {"value": 16, "lower": 12, "upper": 21, "statistic": "geometric_mean"},
        RECOVERY | {"value": 17, "statistic": "survival_median"},
        RECOVERY | {"kind": "share_recovered", "statistic": "share", "value": 80, "unit": "percent", "time": "30 day"},
        free={"A0": A0, "k": K, "g": G},
        spreads=["A0", "k", "g"],
        correlation=correlation,
    )
    objective = PopulationObjective(problem)
    at = objective.start + np.random.default_rng(3).uniform(-0.2, 0.2, objective.start.size)
    gradient = objective.linearised(at).gradient
    step, weights = 5e-3, {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
    for column in range(at.size):
        unit = step * np.eye(at.size)[column]
        rise = sum(
            w * (objective.log_posterior(at + m * unit) - objective.log_posterior(at - m * unit))
            for m, w in weights.items()
        )
        assert gradient[column] == pytest.approx(rise / step, rel=2e-4, abs=2e-3), objective.names[column]


def test_rows_of_one_study_share_its_patients(population):
    # the count at two times is of the same patients: the second says less than it would of others
    rows = [COUNT | {"time": f"{day} day", "value": 2.0 * np.exp(-0.1 * day), "sd": 1.0} for day in (0, 1)]
    alone, together = (
        population(*rows, free={"A0": A0}, correlation=correlation, name=name)
        for correlation, name in (("none", "one"), ("simulated", "two"))
    )
    log_se = [fit(problem).estimates.log_se[0] for problem in (alone, together)]
    # nearly the same counts: between all of the information of two studies and that of one
    assert 1.2 < log_se[1] / log_se[0] < np.sqrt(2)


@pytest.mark.skipif(config.NUMBA_NUM_THREADS < 2, reason="there is one thread alone")
def test_the_same_seed_gives_the_same_numbers_on_one_thread_and_on_two(population):
    problem = population(
        COUNT | {"time": "3 day", "value": 1.6, "sd": 0.9}, free={"A0": A0}, spreads=["A0"], patients=128
    )
    threads, found = get_num_threads(), []
    try:
        for number in (1, 2):
            set_num_threads(number)
            found.append(fit(problem).estimates)
    finally:
        set_num_threads(threads)
    np.testing.assert_array_equal(found[0].values, found[1].values)
    np.testing.assert_array_equal(found[0].covariance, found[1].covariance)


def test_a_search_that_is_repeated_with_what_is_known_computes_nothing_and_ends_at_the_same_bits(population):
    problem = population(COUNT | {"time": "3 day", "value": 1.6, "sd": 0.9}, free={"A0": A0}, spreads=["A0"])
    first = PopulationObjective(problem)
    whole = minimise(first, first.start)
    again, computed = PopulationObjective(problem), []
    again.evaluations.update(first.evaluations)
    again.on_evaluation = lambda key, evaluation: computed.append(key)
    np.testing.assert_array_equal(minimise(again, again.start).end, whole.end)
    assert not computed


def test_a_committed_spread_comes_back_from_its_file_and_into_a_cohort(population, project):
    problem = population(COUNT | {"time": "0 day", "value": 2.0, "sd": 1.0}, free={"A0": A0}, spreads=["A0"])
    found = fit(problem).estimates
    found.save(project.fits / "one.result.toml")
    read = Estimates.read(project.fits / "one.result.toml")
    np.testing.assert_allclose(read.values, found.values, rtol=1e-9)
    from kinetics.cohorts.cohort import cohort_parameters
    from kinetics.model import Model

    cohort = cohort_parameters(Model.load(project.model), "first")
    assert cohort.values["A0"] == pytest.approx(found.values[0], rel=1e-9)
    assert cohort.spreads["A0"] == pytest.approx(found.values[1], rel=1e-9)
    assert cohort.fits == ("one",)


def test_a_synthetic_study_has_the_summaries_of_its_patients(population):
    problem = population(
        COUNT | {"time": "0 day", "value": 9.0, "sd": 9.0, "n": 20_000},
        RECOVERY | {"kind": "share_recovered", "statistic": "share", "value": 1, "unit": "percent", "time": "30 day"},
        free={"A0": A0, "g": G},
        spreads=["A0"],
    )
    truth = {"A0": 2.0, "g": 0.05, "A0.spread": 0.4}
    first, again, other = (synthetic(problem, truth, 5, study).targets for study in (0, 0, 1))
    assert [row.summary for row in first] == [row.summary for row in again]
    assert first[0].summary != other[0].summary
    spread = np.hypot(0.4, NOISE)
    assert first[0].summary.mean == pytest.approx(2.0 * np.exp(spread**2 / 2), rel=0.02)
    assert first[0].summary.sd == pytest.approx(2.0 * np.exp(spread**2 / 2) * np.sqrt(np.expm1(spread**2)), rel=0.04)


def test_refits_of_synthetic_replicates_find_the_truth_and_cover_it(population):
    """The reduced simulation study: 60 replicates of 36 patients, median and spread of A0 and of the recovery rate."""
    problem = population(
        COUNT | {"time": "0 day", "value": 2.0, "sd": 1.0, "n": 36},
        RECOVERY | {"value": 16, "lower": 12, "upper": 21, "statistic": "geometric_mean", "n": 36},
        free={"A0": A0, "g": G},
        spreads=["A0", "g"],
        patients=128,
    )
    truth = {"A0": 2.4, "g": 0.05, "A0.spread": 0.45, "g.spread": 0.5}
    replicates = 60
    refits = tuple(refit_replicate(problem, truth, 7, replicate) for replicate in range(replicates))
    for row in SimulationStudy(problem, truth, 7, refits).rows():
        assert abs(row["bias"]) < 0.05 + 3 * row["bias_se"], row
        # 95 % within four binomial standard errors
        assert row["coverage"] > 0.95 - 4 * np.sqrt(0.95 * 0.05 / replicates), row
        assert row["log_se"] == pytest.approx(row["scatter"], rel=0.35), row


def test_a_replicate_that_cannot_be_fitted_is_told_and_left_out(population, monkeypatch):
    problem = population(COUNT | {"time": "0 day", "value": 2.0, "sd": 1.0, "n": 36}, free={"A0": A0})
    truth = {"A0": 2.0}
    whole = [refit_replicate(problem, truth, 7, replicate) for replicate in range(2)]

    def fails(*_):
        raise IntegrationError("the step size fell to zero")

    monkeypatch.setattr("kinetics.estimate.replicates.refits.minimise", fails)
    lost = refit_replicate(problem, truth, 7, 2)
    assert (lost.replicate, lost.failure, lost.log_estimates) == (2, "the step size fell to zero", ())
    with_lost, without = (SimulationStudy(problem, truth, 7, tuple(refits)) for refits in ([*whole, lost], whole))
    assert with_lost.rows() == without.rows()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_workers_of_a_cluster_give_the_same_refits(population, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed; it is the extra 'cluster'")
    from kinetics.cluster.clients import connected

    problem = population(COUNT | {"time": "0 day", "value": 2.0, "sd": 1.0, "n": 36}, free={"A0": A0}, patients=64)
    request = {"truth": {"A0": 2.0}, "replicates": 4, "seed": 7}
    here = refit(problem, **request).refits
    steps = []
    with connected(None, 2) as client:
        out = tmp_path / "refits.json"
        refit(problem, **{**request, "replicates": 2}, out=out, client=client)
        found = refit(
            problem, **request, out=out, resume=True, client=client, progress=lambda *step: steps.append(step)
        )
        changed = replace(problem, discrepancy=0.5)
        with pytest.raises(InputError, match=r"one.toml: on .* it is another problem than here; workers read the file"):
            refit(changed, **request, client=client)
    assert [replace(one, seconds=0) for one in found.refits] == [replace(one, seconds=0) for one in here]
    assert (steps[0], steps[-1]) == ((2, 4), (4, 4))
    assert refit(problem, **request, out=out, resume=True).refits == found.refits


def test_refits_of_a_cluster_that_goes_away_are_kept(population, tmp_path, monkeypatch):
    def first_alone(job, numbers, _):
        yield {numbers[0]: job.piece(numbers[0])}
        raise ClusterError("tcp://host:8786: the cluster went away: closed")

    problem = population(COUNT | {"time": "0 day", "value": 2.0, "sd": 1.0, "n": 36}, free={"A0": A0}, patients=64)
    request, out = {"truth": {"A0": 2.0}, "replicates": 2, "seed": 7}, tmp_path / "refits.json"
    monkeypatch.setattr("kinetics.estimate.replicates.record.results", first_alone)
    with pytest.raises(ClusterError) as told:
        refit(problem, **request, out=out)
    assert str(told.value).endswith(
        f"went away: closed; 1 of 2 refits are done and kept in {out}; the same call with --resume (in Python "
        "resume=True) goes on from there"
    )
    with pytest.raises(ClusterError, match=r"1 of 2 refits are done and not kept; name a file .* \(in Python out\)$"):
        refit(problem, **request)
    monkeypatch.undo()
    steps = []
    refit(problem, **request, out=out, resume=True, progress=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2)]


def test_an_estimate_far_from_its_prior_is_told(population):
    row = COUNT | {"time": "0 day", "value": 9.0, "sd": 4.0, "n": 4000}
    problem = population(row, free={"A0": A0.replace(FLAT, "prior = 0.3")})
    told = [warning for warning in fit(problem).warnings if "prior" in warning]
    assert len(told) == 1
    assert told[0].startswith("A0 lies 4.")
    assert told[0].endswith("standard deviations from the middle of its prior, 2: the data and the prior disagree")


def test_what_cannot_be_is_refused_where_it_is_asked(population):
    row = COUNT | {"time": "0 day", "value": 2.0, "sd": 1.0}
    with pytest.raises(InputError, match="parameter 'c' has no spread"):
        population(row, free={"A0": A0}, spreads=["c"])
    with pytest.raises(InputError, match="a population fit has none"):
        population(row, free={"A0": A0}, header="discrepancy = 0.1")
    with pytest.raises(InputError, match="output 'Q' of model 'toy' has no 'noise'"):
        population(row | {"output": "Q"}, free={"A0": A0})
    problem = population(row, free={"A0": A0})
    with pytest.raises(InputError, match="at least two replicates with estimates"):
        SimulationStudy(problem, {"A0": 1.0}, 7, ()).rows()


def test_a_left_out_mean_of_a_population_has_the_error_of_normal_theory(population):
    # the mean is A0 times a constant: ln A0 alone, whose estimates of two rows average with their weights
    rows = [COUNT | {"time": "0 day", "value": value, "n": n} for value, n in ((2.0, 100), (2.4, 400))]
    problem = population(*rows, free={"A0": A0}, patients=1024)
    first, second = (one.left_out for one in crossvalidate(fit(problem), by="row").numbers)
    spread = np.sqrt(np.exp(0.4**2 + NOISE**2) - 1)  # of a measured count, relative to the mean
    assert first.error == pytest.approx(np.log(2.0 / 2.4), abs=0.005)
    assert second.error == pytest.approx(np.log(2.4 / 2.0), abs=0.02)
    assert (first.sampling_sd, second.sampling_sd) == pytest.approx((spread / 10, spread / 20), rel=0.02)
    assert (first.parameter_sd, second.parameter_sd) == pytest.approx((spread / 20, spread / 10), rel=0.06)
