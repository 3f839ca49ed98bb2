"""Random networks of exchange between pools: what each closed part holds is what it held at the start, at rest too."""

import functools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.engines.steady_state.conservation import conservation_laws, solve_conserving
from tests.oracles.rate_models import reached, system_of

SIZE = 5
PAIRS = [(a, b) for a in range(SIZE) for b in range(SIZE) if a != b]
SPEEDS = st.sampled_from([0.0, 0.0, 0.0, 1e-3, 0.1, 1.0, 7.0, 400.0])


@functools.cache
def exchange():
    """Every pool flows into every other at a rate of its own, which may be zero."""
    rates = {f"A{a}": "+".join(f"k{b}{a}*A{b} - k{a}{b}*A{a}" for b in range(SIZE) if b != a) for a in range(SIZE)}
    return system_of(rates, {}, {f"k{a}{b}": 1.0 for a, b in PAIRS})


def matrix_of(speeds):
    """x' = M x."""
    matrix = np.zeros((SIZE, SIZE))
    for (a, b), speed in zip(PAIRS, speeds, strict=True):
        matrix[b, a] += speed
        matrix[a, a] -= speed
    return matrix


def limit_of(matrix, start):
    """exp(M t) x0 for t without end, by the projection on the null space of M."""
    values, left, right = *np.linalg.svd(matrix)[:2], np.linalg.svd(matrix)[2]
    neutral = left <= 1e-11 * max(left.max(), 1e-300)
    laws, free = values[:, neutral], right[neutral].T
    return free @ np.linalg.solve(laws.T @ free, laws.T @ start)


@settings(max_examples=40)
@given(
    speeds=st.lists(SPEEDS, min_size=len(PAIRS), max_size=len(PAIRS)),
    start=st.lists(st.floats(0.1, 100.0), min_size=SIZE, max_size=SIZE),
)
def test_a_network_of_exchange_rests_where_its_null_space_says(speeds, start):
    system, matrix, start = exchange(), matrix_of(speeds), np.array(start)
    found = reached(system, start, "batch", np.array(speeds))
    assert found.reasons == [""]
    expected = limit_of(matrix, start)
    np.testing.assert_allclose(found.states[0], expected, rtol=1e-9, atol=1e-10 * start.sum())
    by_start = np.array([limit_of(matrix, unit) for unit in np.eye(SIZE)]).T
    np.testing.assert_allclose(found.changes[0, :, len(PAIRS) :], by_start, rtol=1e-9, atol=1e-10)
    # whatever a parameter does, nothing is made or lost
    np.testing.assert_allclose(found.changes[0, :, : len(PAIRS)].sum(axis=0), 0.0, atol=1e-7 * start.sum() / 1e-3)


@given(
    weights=st.lists(st.floats(0.1, 10.0), min_size=4, max_size=4),
    sizes=st.lists(st.integers(-8, 8), min_size=4, max_size=4),
    seed=st.integers(0, 2**32 - 1),
)
def test_laws_are_found_whatever_the_speeds(weights, sizes, seed):
    """Rates of sizes that differ by ten orders of magnitude, of which one weighted sum is zero."""
    generator, weights = np.random.default_rng(seed), np.array(weights)
    rates = generator.normal(size=(4, 9)) * 10.0 ** np.array(sizes)[:, None]
    rates[3] = -weights[:3] @ rates[:3] / weights[3]
    laws = conservation_laws(rates)
    assert laws.shape == (4, 1)
    np.testing.assert_allclose(laws.T @ laws, np.eye(1), atol=1e-12)
    rounding = np.abs(laws).T @ np.abs(rates)
    assert (np.abs(laws.T @ rates) <= 1e-10 * rounding).all()


@given(seed=st.integers(0, 2**32 - 1), laws=st.integers(0, 4))
def test_a_solution_has_its_totals(seed, laws):
    generator = np.random.default_rng(seed)
    w, _ = np.linalg.qr(generator.normal(size=(4, laws))) if laws else (np.zeros((4, 0)), None)
    matrix = (np.eye(4) - w @ w.T) @ generator.normal(size=(4, 4))
    right, totals = (np.eye(4) - w @ w.T) @ generator.normal(size=(4, 2)), generator.normal(size=(laws, 2))
    solution = solve_conserving(matrix, right, w, totals)
    np.testing.assert_allclose(w.T @ solution, totals, atol=1e-9)
    np.testing.assert_allclose(matrix @ solution, right, atol=1e-7)
