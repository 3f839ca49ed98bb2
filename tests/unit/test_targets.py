"""Targets: residuals on the log scale, and what stands in for a recovery time that is not there."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from kinetics.engines.scipy import integrate
from kinetics.engines.sensitivity import integrate_with_sensitivities
from kinetics.estimate import FitProblem
from kinetics.published import TypicalTarget
from kinetics.published.kinds.typical_recovery import EARLIEST
from kinetics.regimen import segments

RECOVERY = {
    "kind": "time_to_threshold",
    "statistic": "median",
    "output": "N_blood",
    "regimen": "../models/regimens/once.toml",
    "level": "0.5 1e9/L",
    "value": 12,
    "unit": "day",
    "log_se": 0.1,
}


class Constant:
    """A quantity of known value and unit gradient."""

    output = "X"

    def __init__(self, value):
        self.number = value

    def horizon(self):
        return 1.0

    def value(self, trajectory, until):
        return self.number

    def with_gradient(self, trajectory, until):
        return self.number, np.array([1.0])


def target(model, /, error_sd=0.5, factor=1.0, **row):
    published = {
        "value": None,
        "lower": None,
        "upper": None,
        "is_range": "value" not in row,
        "on_own_scale": False,
    } | row
    return TypicalTarget(SimpleNamespace(**published), None, Constant(model), factor, error_sd)


def test_the_residual_is_the_log_ratio_over_its_standard_deviation():
    residual, gradient = target(3.0, value=2.0).residual(None, 1.0)
    assert residual == pytest.approx(math.log(1.5) / 0.5)
    assert gradient == pytest.approx([1 / 3.0 / 0.5])


def test_the_factor_brings_the_model_to_the_unit_of_the_row():
    one = target(3.0, value=2000.0, factor=1000.0)
    assert one.value(None, 1.0) == 3000.0
    residual, gradient = one.residual(None, 1.0)
    assert residual == pytest.approx(math.log(1.5) / 0.5)
    assert gradient == pytest.approx([1 / 3.0 / 0.5])


@pytest.mark.parametrize(
    ("value", "error"), [(1.0, math.log(1 / 2)), (2.0, 0.0), (3.0, 0.0), (4.0, 0.0), (8.0, math.log(8 / 4))]
)
def test_a_range_counts_from_its_nearer_end(value, error):
    one = target(value, lower=2.0, upper=4.0)
    residual, gradient = one.residual(None, 1.0)
    assert residual == pytest.approx(error / 0.5)
    assert one.log_error(value) == pytest.approx(error)
    assert gradient == pytest.approx([2 / value if error else 0.0])


@pytest.mark.parametrize("row", [{"value": 1.0}, {"lower": 1.0, "upper": 2.0}])
def test_a_count_at_zero_or_below_it_by_rounding_has_a_finite_residual_that_leads_up(row):
    residuals = [target(value, **row).residual(None, 1.0) for value in (-1e-8, 0.0, 1e-10, 1e-8)]
    assert np.isfinite([residual for residual, _ in residuals]).all()
    assert np.all(np.diff([residual for residual, _ in residuals]) > 0)
    assert all(gradient[0] > 0 for _, gradient in residuals)


def test_what_has_no_logarithm_is_reported_as_it_is():
    one = target(1.0, value=2.0)
    assert one.log_error(math.inf) == math.inf
    assert math.isnan(one.log_error(math.nan))
    assert one.log_error(0.0) == -math.inf


def recovery(project, horizon, names=("g", "s"), **values):
    row = {**RECOVERY, "level": "0.5 1e9/L"}
    free = {"g": 'lower = 0.0001, upper = 0.9, unit = "1/day"'}
    problem = FitProblem.load(project.fit(row, free=free, header=f'horizon = "{horizon} day"'))
    (one,) = problem.targets
    system = problem.system
    doses = {name: dose.unit for name, dose in problem.model.doses.items()}
    plan = segments(one.regimen, doses, problem.model.time, horizon)
    parameters = system.parameter_array(values)
    plain = integrate(system, system.constants(parameters), plan)
    return one.quantity, plain, integrate_with_sensitivities(system, parameters, names, plan)


def test_the_stand_in_meets_the_time_at_the_end_of_the_window_and_grows_as_the_crossing_recedes(project):
    quantity, plain, sensitive = recovery(project, 200.0)
    crossing = quantity.value(plain, 200.0)
    assert quantity.with_gradient(sensitive, 200.0)[0] == pytest.approx(crossing, rel=1e-6)
    times = [crossing * share for share in (1 + 1e-5, 1 - 1e-5, 0.9, 0.7)]
    found = []
    for horizon in times:
        cut, short, with_gradient = recovery(project, horizon)
        reported = cut.value(short, horizon)
        found.append(cut.with_gradient(with_gradient, horizon)[0] / horizon)
        assert np.isinf(reported) == (horizon < crossing)
    np.testing.assert_allclose(found[:2], 1.0, rtol=1e-4)
    assert found[1] < found[2] < found[3]


@pytest.mark.parametrize("horizon", [5.0, 10.0])
def test_the_stand_in_of_a_time_not_reached_falls_with_faster_regrowth(project, horizon):
    slow, fast = (recovery(project, horizon, g=g)[::2] for g in (0.005, 0.01))
    (late, gradient), (early, _) = (quantity.with_gradient(run, horizon) for quantity, run in (slow, fast))
    assert horizon < early < late
    assert gradient[0] < 0 < gradient[1]


def test_the_stand_in_of_an_output_never_below_is_before_any_crossing_and_rises_with_the_kill(project):
    (quantity, plain, weak), (_, _, stronger) = (recovery(project, 100.0, s=s) for s in (0.01, 0.1))
    assert np.isnan(quantity.value(plain, 100.0))
    (first, gradient), (second, _) = (quantity.with_gradient(run, 100.0) for run in (weak, stronger))
    assert 0 < first < second < 100.0 * EARLIEST
    assert gradient[1] > 0


def test_a_stand_in_is_finite_when_nothing_is_left(project):
    quantity, _, run = recovery(project, 5.0, s=1e4, g=1e-9)
    value, gradient = quantity.with_gradient(run, 5.0)
    assert value == pytest.approx(5e6)
    assert np.isfinite(gradient).all()
