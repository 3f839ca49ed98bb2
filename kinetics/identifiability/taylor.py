"""Coefficient k of the power series of a result, from those of what it is made of.

A series is an array (order, 1 + unknown) of numbers as in `kinetics.identifiability.dual`; a constant has one row.
The recurrences are those of Knuth, The Art of Computer Programming, volume 2, section 4.7.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from kinetics.identifiability.dual import ZERO, products, quotient, total

__all__ = ["exponential", "logarithm", "power", "product", "summed"]


def summed(terms: list[np.ndarray], k: int) -> np.ndarray:
    """Coefficient k of a sum."""
    present = [series[k] for series in terms if k < len(series)]
    return total(np.stack(present)) if present else np.full(terms[0].shape[1], ZERO, dtype=object)


def product(left: np.ndarray, right: np.ndarray, k: int) -> np.ndarray:
    """Coefficient k of a product."""
    if len(left) == 1:
        return total(products(left, right[k : k + 1]))
    if len(right) == 1:
        return total(products(left[k : k + 1], right))
    return total(products(left[: k + 1], right[k::-1]))


def power(base: np.ndarray, exponent: np.ndarray, own: np.ndarray, k: int) -> np.ndarray:
    """Coefficient k of w = u^a, a constant: u w' = a u' w. ``own`` is w, its first k rows filled.

    Raises a `decimal.DecimalException` if u is zero at the start, or negative with an exponent that is not whole.
    """
    if k == 0:
        return _power_at_start(base[0], exponent)
    rising, falling = _weighted(base, own, k), _weighted(base, own, k, falling=True)
    above = np.concatenate([products(exponent[None], rising[None]), -falling[None]])
    return quotient(total(above), base[0]) / k


def exponential(exponent: np.ndarray, own: np.ndarray, k: int) -> np.ndarray:
    """Coefficient k of w = exp(u): w' = u' w."""
    if k == 0:
        value = exponent[0, 0].exp()
        first = value * exponent[0]
        first[0] = value
        return first
    return _weighted(exponent, own, k) / k


def logarithm(argument: np.ndarray, own: np.ndarray, k: int) -> np.ndarray:
    """Coefficient k of w = ln u: u w' = u'; a `decimal.DecimalException` if u is not positive at the start."""
    if k == 0:
        value = argument[0, 0].ln()
        first = argument[0] / argument[0, 0]
        first[0] = value
        return first
    inner = _weighted(argument[:k], own, k, falling=True)
    return quotient(total(np.stack([argument[k], -inner / k])), argument[0])


def _power_at_start(base: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    relative = base / base[0]  # of zero raises, as it must: the power series would not exist
    value = base[0] ** exponent[0]
    terms = [exponent[0] * relative]
    if any(exponent[1:]):
        terms.append(base[0].ln() * exponent)
    first = value * total(np.stack(terms))
    first[0] = value
    return first


def _weighted(first: np.ndarray, second: np.ndarray, k: int, *, falling: bool = False) -> np.ndarray:
    """Sum of i u_i w_(k-i), or of (k - i) u_i w_(k-i), over i from 1; u may end before k."""
    last = min(k, len(first) - 1)
    index = range(1, last + 1)
    weights = np.array([[Decimal(k - i if falling else i)] for i in index], dtype=object)
    if not len(weights):
        return np.full(first.shape[1], ZERO, dtype=object)
    return total(products(weights * first[1 : last + 1], second[[k - i for i in index]]))
