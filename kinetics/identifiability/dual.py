"""Numbers of many digits that carry their derivatives: value first, then one derivative by each unknown."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np

__all__ = ["ZERO", "constant", "many_digits", "products", "quotient", "tolerance", "total"]

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

    At a random point two different numbers do not agree in a hundred digits, so what is left is rounding. Zeros
    that are exact make the rank, and the first coefficient that is not zero, plain to see.

    Examples
    --------
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
