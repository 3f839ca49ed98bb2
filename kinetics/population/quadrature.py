"""Nodes and weights for expectations over independent standard normal deviates: sparse grids of nested rules."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import comb, prod
from typing import NamedTuple

import numpy as np

from kinetics.errors import InputError

MAX_LEVEL = 9
"""The largest level of a grid: nine nodes suffice for its rules."""
SAME = 12
"""Decimals to which nodes of two grids are the same."""


class Quadrature(NamedTuple):
    """Nodes, (node, deviate), and their weights, (node,), which sum to 1; weights may be negative."""

    nodes: np.ndarray
    weights: np.ndarray


@lru_cache(maxsize=16)
def sparse_grid(size: int, most: int) -> Quadrature:
    r"""The finest sparse grid of at most ``most`` nodes for ``size`` independent standard normal deviates.

    A grid of level :math:`k` integrates polynomials of total degree :math:`2k - 1` exactly. It combines products of
    one-dimensional rules (Smolyak 1963),

    .. math::
        \sum_{k \le |l| \le k + d - 1} (-1)^{k+d-1-|l|} \binom{d-1}{|l|-k}\; Q_{l_1} \otimes \dots \otimes Q_{l_d} ,

    whose nodes are nested, so that the products share most of them: 1, 3 and 9 nodes of degree 1, 5 and 15 (Genz and
    Keister 1996, doi 10.1016/0377-0427(95)00232-4; Heiss and Winschel 2008, doi 10.1016/j.jeconom.2007.12.004).

    Raises
    ------
    InputError
        If even the grid of level 2 has more nodes.

    Examples
    --------
    >>> grid = sparse_grid(5, 512)
    >>> len(grid.weights), round(float(grid.weights @ grid.nodes[:, 0] ** 8), 6)  # 3 x 5 x 7
    (481, 105.0)
    """
    if not size:
        return Quadrature(np.zeros((1, 0)), np.ones(1))
    if most < 2 * size + 1:
        raise InputError(f"a grid over {size} parameters that vary has {2 * size + 1} nodes at least, found {most}")
    best = _grid(size, 2)
    for level in range(3, MAX_LEVEL + 1):
        # the next grid has about a third more levels of products: not tried where the last was nearly too large
        if len(best.weights) * (1 + size / level) > 4 * most:
            break
        finer = _grid(size, level)
        if len(finer.weights) > most:
            break
        best = finer
    return best


def _grid(size: int, level: int) -> Quadrature:
    """The grid of a level."""
    weights: dict[tuple[float, ...], float] = {}
    for levels in _levels(size, level):
        missing = level + size - 1 - sum(levels)
        factor = (-1) ** missing * comb(size - 1, missing)
        for pairs in product(*map(_rule, levels)):
            node = tuple(at for at, _ in pairs)
            weights[node] = weights.get(node, 0.0) + factor * prod(weight for _, weight in pairs)
    kept = {node: weight for node, weight in weights.items() if abs(weight) > 1e-15}
    return Quadrature(np.array(list(kept)), np.array(list(kept.values())))


def _levels(size: int, level: int) -> list[tuple[int, ...]]:
    """Levels of the one-dimensional rules of each product, that are counted."""
    partial: list[tuple[int, ...]] = [()]
    for left in range(size - 1, -1, -1):
        partial = [(*one, own) for one in partial for own in range(1, level + size - sum(one) - left)]
    return [one for one in partial if sum(one) >= level]


@lru_cache(maxsize=MAX_LEVEL)
def _rule(level: int) -> list[tuple[float, float]]:
    """Nodes and weights of a one-dimensional rule that is exact to degree 2 level - 1."""
    nodes = {1: [0.0], 2: _THREE, 3: _THREE}.get(level) or sorted([*_THREE, *_further_nodes()])
    values = np.polynomial.hermite_e.hermevander(np.array(nodes), len(nodes) - 1).T
    weights = np.linalg.solve(values, np.eye(len(nodes))[0])
    return [(round(node, SAME), weight) for node, weight in zip(nodes, weights.tolist(), strict=True)]


_THREE = [-(3**0.5), 0.0, 3**0.5]


def _further_nodes() -> list[float]:
    """Six nodes beside those of `_THREE`, so that the rule of all nine is exact to degree 15.

    The polynomial with the nodes as zeros, x (x^2 - 3)(x^6 + a x^4 + b x^2 + c), is orthogonal to x, x^3 and x^5.
    """

    def mean(power: int) -> int:
        """The mean of a power of a standard normal deviate: of (x^3 - 3x) x^power."""
        return prod(range(1, power + 3, 2)) - 3 * prod(range(1, power + 1, 2))

    system = np.array([[mean(row + column) for column in (4, 2, 0)] for row in (1, 3, 5)], dtype=float)
    squares = np.roots([1.0, *np.linalg.solve(system, [-mean(row + 6) for row in (1, 3, 5)])])
    roots = np.sqrt(np.real(squares)).tolist()
    return [*roots, *(-root for root in roots)]
