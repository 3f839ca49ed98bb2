"""Rank and null space of a matrix of many digits, and whether the digits were enough to tell."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from kinetics.identifiability.dual import ZERO, tolerance

__all__ = ["Reduced", "UnclearError", "null_space", "reduced"]


class UnclearError(ArithmeticError):
    """A pivot is neither clearly a number nor clearly zero: more digits are needed."""


@dataclass(frozen=True)
class Reduced:
    """A matrix in reduced row echelon form.

    Parameters
    ----------
    rows : ndarray, (rank, column)
        The identity in the columns ``pivots``.
    pivots : tuple of int
        A column for each row.
    """

    rows: np.ndarray
    pivots: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of independent rows."""
        return len(self.pivots)


def reduced(matrix: np.ndarray) -> Reduced:
    """Gauss-Jordan elimination with full pivoting, of rows and then columns scaled to a largest entry of 1.

    Parameters
    ----------
    matrix : ndarray of Decimal, (row, column)
        What is zero must be exactly zero, or nearly so.

    Raises
    ------
    UnclearError
        If no wide gap parts the numbers that count as zero from those that do not.

    Examples
    --------
    >>> found = reduced(np.array([[Decimal(1), Decimal(2)], [Decimal(2), Decimal(4)]]))
    >>> found.rank, null_space(found)[0]
    (1, array([Decimal('-2'), Decimal('1')], dtype=object))
    """
    rows, columns = _scaled(matrix)
    pivots: list[int] = []
    for place in range(min(rows.shape)):
        rest = np.abs(rows[place:])
        row, column = divmod(int(rest.argmax()), rows.shape[1])
        if not _counts(rest[row, column]):
            break
        rows[[place, place + row]] = rows[[place + row, place]]
        rows[place] = rows[place] / rows[place, column]
        others = np.arange(len(rows)) != place
        factors = rows[others, column]
        rows[others] = rows[others] - factors[:, None] * rows[place]
        rows[others, column] = ZERO
        pivots.append(column)
    kept = rows[: len(pivots)]
    kept[~_all_count(kept)] = ZERO
    kept = kept * columns
    for place, column in enumerate(pivots):
        kept[place] = kept[place] / kept[place, column]
    return Reduced(kept, tuple(pivots))


def null_space(found: Reduced) -> np.ndarray:
    """The directions that the rows do not see, (direction, column)."""
    width = found.rows.shape[1]
    free = [column for column in range(width) if column not in found.pivots]
    directions = np.full((len(free), width), ZERO, dtype=object)
    for place, column in enumerate(free):
        directions[place, column] = Decimal(1)
        if found.pivots:
            directions[place, list(found.pivots)] = -found.rows[:, column]
    return directions


def _scaled(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are not zero, each by its largest entry, then columns by theirs; and the largest of the columns."""
    rows = matrix[(matrix != ZERO).any(axis=1)]
    if len(rows):
        rows = rows / np.abs(rows).max(axis=1)[:, None]
    columns = np.abs(rows).max(axis=0) if len(rows) else np.full(rows.shape[1], ZERO, dtype=object)
    columns[columns == ZERO] = Decimal(1)
    return rows / columns, columns


def _counts(value: Decimal) -> bool:
    """Whether a number is not zero, provided that it is clear."""
    digits = decimal.getcontext().prec
    if value > Decimal(10) ** -(2 * digits // 5):
        return True
    if value > Decimal(10) ** -(3 * digits // 5):
        raise UnclearError
    return False


def _all_count(values: np.ndarray) -> np.ndarray:
    return np.abs(values) > tolerance()
