"""Sparse grids, moments of measurements and their likelihood: exactness and derivatives over generated inputs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kinetics.observation.measurement_error import ERROR_KINDS, MeasurementError, measured_moments
from kinetics.population.quadrature import sparse_grid
from kinetics.published.likelihoods.joint_normal import JointNormal

STEP = 1e-6
powers = st.lists(st.integers(0, 5), min_size=1, max_size=4)
seeds = st.integers(0, 2**31)


@given(powers)
def test_a_sparse_grid_integrates_polynomials_of_its_degree(exponents):
    size = len(exponents)
    grid = sparse_grid(size, 600)
    # the nodes of a grid of level 5 in these dimensions, exact to total degree 9
    assert len(grid.weights) >= (9 if size == 1 else 81)
    if sum(exponents) > 9:
        return
    found = grid.weights @ np.prod(grid.nodes ** np.array(exponents), axis=1)
    # the moments of a standard normal: 0 if odd, else 1 x 3 x 5 ...
    moments = [0.0 if k % 2 else float(np.prod(np.arange(1, k, 2))) for k in exponents]
    np.testing.assert_allclose(found, np.prod(moments), atol=1e-8)


def population(seed, patients=7, measurements=3, parameters=2):
    """Values that follow two parameters linearly, and their slopes."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.5, 3.0, (patients, measurements))
    slopes = rng.normal(size=(parameters, patients, measurements))
    weights = rng.dirichlet(np.ones(patients))
    return values, slopes, weights


@given(seeds, st.lists(st.sampled_from(ERROR_KINDS), min_size=3, max_size=3))
def test_moments_have_the_derivatives_of_differences(seed, kinds):
    values, slopes, weights = population(seed)
    sds = np.array([0.1, 0.3, 0.6])
    # a third parameter is the logarithm of the error of the last two measurements
    by_error = np.array([[0, 0, 0], [0, 0, 0], [0, 1, 1]], dtype=float)

    def moments(change):
        moved = values + np.tensordot(change[:2], slopes, axes=1)
        own = sds * np.exp(change[2] * by_error[2])
        errors = [MeasurementError(kind, sd) for kind, sd in zip(kinds, own, strict=True)]
        return measured_moments(moved, np.concatenate([slopes, 0 * slopes[:1]]), weights, errors, by_error)

    at = moments(np.zeros(3))
    for index, step in enumerate(STEP * np.eye(3)):
        above, below = moments(step), moments(-step)
        np.testing.assert_allclose(at.by_mean[index], (above.mean - below.mean) / (2 * STEP), atol=1e-7)
        np.testing.assert_allclose(
            at.by_covariance[index], (above.covariance - below.covariance) / (2 * STEP), atol=1e-6
        )


@given(seeds, st.sampled_from(ERROR_KINDS))
def test_moments_are_those_of_measured_patients(seed, kind):
    values, slopes, weights = population(seed, measurements=2)
    sd = 0.3
    moments = measured_moments(values, slopes, weights, [MeasurementError(kind, sd)] * 2, np.zeros((2, 2)))
    # each patient measured at the nodes of a quadrature over both errors
    z, w = np.polynomial.hermite_e.hermegauss(25)
    one, other = (grid.ravel() for grid in np.meshgrid(z, z))
    both = np.outer(w, w).ravel() / w.sum() ** 2
    noise = np.stack([one, other], axis=1)
    change = {"lognormal": np.exp(sd * noise), "proportional": 1 + sd * noise, "additive": np.ones_like(noise)}[kind]
    added = sd * noise if kind == "additive" else 0.0
    y = (values[:, None] * change + added).reshape(-1, 2)
    p = np.outer(weights, both).ravel()
    mean = p @ y
    np.testing.assert_allclose(moments.mean, mean)
    np.testing.assert_allclose(moments.covariance, (p[:, None] * (y - mean)).T @ (y - mean), atol=1e-12)


@given(seeds)
def test_the_likelihood_of_moments_has_the_gradient_of_differences(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(3, 3))
    sample = root @ root.T + 0.5 * np.eye(3)
    normal = JointNormal(20, rng.normal(size=3), sample)
    by_mean, half = rng.normal(size=(2, 3)), rng.normal(size=(2, 3, 3))
    by_covariance = half + half.swapaxes(1, 2)
    mean, covariance = rng.normal(size=3), sample + np.eye(3)
    gradient = normal.log_likelihood_gradient(mean, covariance, by_mean, by_covariance)
    for index in range(2):
        above, below = (
            -0.5 * normal.minus_2_log_likelihood(mean + s * by_mean[index], covariance + s * by_covariance[index])
            for s in (STEP, -STEP)
        )
        np.testing.assert_allclose(gradient[index], (above - below) / (2 * STEP), rtol=1e-5, atol=1e-4)


@given(seeds)
def test_the_likelihood_of_moments_is_that_of_the_patients(seed):
    rng = np.random.default_rng(seed)
    patients, mean = rng.normal(size=(12, 2)) @ rng.normal(size=(2, 2)), rng.normal(size=2)
    root = rng.normal(size=(2, 2))
    covariance = root @ root.T + np.eye(2)
    normal = JointNormal(12, patients.mean(axis=0), np.cov(patients.T))
    away = patients - mean
    each = np.einsum("pi,ij,pj->p", away, np.linalg.inv(covariance), away) + np.log(np.linalg.det(covariance))
    of_patients = each.sum() + 24 * np.log(2 * np.pi)
    np.testing.assert_allclose(normal.minus_2_log_likelihood(mean, covariance), of_patients)
