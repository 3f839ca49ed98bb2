"""Power series whose coefficients are numbers of many digits that carry their derivatives."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np

ZERO = Decimal(0)


@contextmanager
def many_digits(digits: int) -> Iterator[None]:
    """Calculate with this many decimal digits inside the block; what is not finite raises there.

    The decimal numbers of Python are used because they are compiled: ten times as quick as mpmath's.
    """
    traps = [decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow]
    with decimal.localcontext(decimal.Context(digits, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX, traps=traps)):
        yield


def tolerance() -> Decimal:
    """What counts as zero beside 1: half of the digits in use, so that rounding never comes near it."""
    return Decimal(10) ** -(decimal.getcontext().prec // 2)


def constant(value: Decimal, unknowns: int) -> np.ndarray:
    """A number that depends on no unknown, (1 + unknown,)."""
    row = np.full(1 + unknowns, ZERO, dtype=object)
    row[0] = value
    return row


def total(terms: np.ndarray) -> np.ndarray:
    """The sum of the rows; where it cancels to half of the digits it is exactly zero.

    At a random point two different numbers do not agree in a hundred digits, so what is left is rounding. Zeros that
    are exact make the rank, and the first coefficient that is not zero, plain to see.

    >>> with many_digits(30):
    ...     third = Decimal(1) / 3
    ...     print(third + third + third - 1, total(np.array([[third], [third], [third], [Decimal(-1)]]))[0])
    -1E-30 0
    """
    if len(terms) == 1:
        return terms[0].copy()
    result: Any = terms.sum(axis=0)
    result[np.abs(result) <= np.abs(terms).max(axis=0) * tolerance()] = ZERO
    return result


def products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The terms of products, pair by pair, whose sum over rows is the sum of the products.

    Factors are (pair, 1 + unknown), terms (2 pair, 1 + unknown) by the rule of Leibniz, the value in the first half.
    """
    by_right, by_left = left[:, :1] * right, right[:, :1] * left
    by_left[:, 0] = ZERO
    return np.concatenate([by_right, by_left])


def quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """One number divided by another; a `decimal.DivisionByZero` or `decimal.InvalidOperation` if by zero."""
    value = above[0] / below[0]
    numerator = total(np.stack([above, -value * below]))
    numerator[0] = above[0]
    return numerator / below[0]


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
