"""Searches of PEtab problems on surfaces of which the optimum is known."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from kinetics.interop.petab.fitting.descent import Surface, descend
from kinetics.interop.petab.fitting.search import search, search_by_hops
from kinetics.interop.petab.objective.objective import ResidualTerms

FREE = (np.full(2, -np.inf), np.full(2, np.inf))


def least_squares(residuals, jacobian):
    def surface(x):
        r, j = residuals(x), jacobian(x)
        return Surface(0.5 * float(r @ r), r @ j, j.T @ j)

    return surface


rosenbrock = least_squares(
    lambda x: np.array([1.0 - x[0], 10.0 * (x[1] - x[0] ** 2)]),
    lambda x: np.array([[-1.0, 0.0], [-20.0 * x[0], 10.0]]),
)


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.floats(-3, 3)] * 2))
def test_valley_of_rosenbrock(start):
    found = descend(rosenbrock, np.array(start), FREE, 500)
    assert found.converged
    assert found.end == pytest.approx([1.0, 1.0], abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_linear_residuals_within_bounds_as_scipy_solves_them(seed):
    generator = np.random.default_rng(seed)
    matrix, values, lower = generator.normal(size=(8, 4)), generator.normal(size=8), generator.uniform(-1, 0, size=4)
    bounds = (lower, lower + generator.uniform(0.1, 1, size=4))
    found = descend(least_squares(lambda x: matrix @ x - values, lambda _: matrix), np.zeros(4), bounds, 500)
    assert found.value == pytest.approx(lsq_linear(matrix, values, bounds).cost, rel=1e-5, abs=1e-9)


def test_no_step_goes_where_nothing_can_be_simulated():
    """x - log x is least at 1; a full step from 3 goes below zero."""

    def surface(x):
        return Surface(float(x[0] - np.log(x[0])), 1 - 1 / x, np.diag(1 / x**2)) if x[0] > 0 else None

    wide = (np.array([-50.0]), np.array([50.0]))
    found = descend(surface, np.array([3.0]), wide, 100)
    assert found.end == pytest.approx([1.0], abs=1e-3)
    assert not descend(surface, np.array([-3.0]), wide, 100).converged
    assert not descend(surface, np.array([3.0]), wide, 3).converged


class Wells:
    """Four parameters with residuals x^2 - 1 and 0.3 (x - 1) each: none at 1, a local optimum at -0.953."""

    seed, names, bounds = 3, ("a", "b", "c", "d"), (np.full(4, -2.0), np.full(4, 2.0))
    tables = SimpleNamespace(parameters=dict.fromkeys(names, SimpleNamespace(prior=None)))

    def __init__(self):
        self.objective = SimpleNamespace(
            noise=SimpleNamespace(laplace=np.zeros(8, dtype=bool)),
            residuals=self.residuals,
            at=self.at,
        )

    def residuals(self, x):
        changes = np.concatenate([np.diag(2 * x), 0.3 * np.eye(4)])
        return ResidualTerms(
            np.concatenate([x**2 - 1, 0.3 * (x - 1)]), np.zeros(8), changes, np.zeros((8, 4)), failure=""
        )

    def at(self, x):
        return SimpleNamespace(log_posterior=-0.5 * float((self.residuals(x).residuals ** 2).sum()), failure="")

    def unscaled(self, values):
        return values

    def by_scaled(self, values):
        return np.ones_like(values)

    def start(self, number):
        return np.random.default_rng(number).uniform(*self.bounds)


def test_hops_leave_local_optima():
    problem = cast(Any, Wells())
    alone = [search(problem, problem.start(number)) for number in range(20)]
    hopped = [search_by_hops(problem, number) for number in range(20)]
    heights = np.array([one.log_posterior for one in alone])
    wrong = np.round(heights / (0.5 * ((0.953113**2 - 1) ** 2 + 0.09 * 1.953113**2)), 2)
    assert set(-wrong) <= {0.0, 1.0, 2.0, 3.0, 4.0}  # each parameter in a well of its own
    found = sum(one.log_posterior > -1e-6 for one in hopped)
    assert found >= 2 * sum(heights > -1e-6)
    assert found >= 5
    again = search_by_hops(problem, 7)
    assert again.end.tolist() == hopped[7].end.tolist()
    assert again.start.tolist() == alone[7].start.tolist()
    assert again.evaluations > alone[7].evaluations
