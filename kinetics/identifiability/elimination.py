"""Rank and null space of a matrix of many digits, and whether the digits were enough to tell."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from kinetics.identifiability.series import ZERO, tolerance


class UnclearError(ArithmeticError):
    """A pivot is neither clearly a number nor clearly zero: more digits are needed."""


@dataclass(frozen=True)
class Reduced:
    """A matrix in reduced row echelon form: ``rows``, (rank, column), are the identity in the columns ``pivots``."""

    rows: np.ndarray
    pivots: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of independent rows."""
        return len(self.pivots)


def reduced(matrix: np.ndarray) -> Reduced:
    """Gauss-Jordan elimination with full pivoting, of rows and then columns scaled to a largest entry of 1.

    What is zero in the ``matrix`` of Decimal, (row, column), must be exactly zero, or nearly so. `UnclearError` if no
    wide gap parts the numbers that count as zero from those that do not.

    >>> matrix = reduced(np.array([[Decimal(1), Decimal(2)], [Decimal(2), Decimal(4)]]))
    >>> matrix.rank, null_space(matrix)[0]
    (1, array([Decimal('-2'), Decimal('1')], dtype=object))
    """
    rows, columns = _scaled(matrix)
    pivots: list[int] = []
    for pivot in range(min(rows.shape)):
        rest = np.abs(rows[pivot:])
        row, column = divmod(int(rest.argmax()), rows.shape[1])
        if not _is_clearly_nonzero(rest[row, column]):
            break
        rows[[pivot, pivot + row]] = rows[[pivot + row, pivot]]
        rows[pivot] = rows[pivot] / rows[pivot, column]
        others = np.arange(len(rows)) != pivot
        factors = rows[others, column]
        rows[others] = rows[others] - factors[:, None] * rows[pivot]
        rows[others, column] = ZERO
        pivots.append(column)
    independent = rows[: len(pivots)]
    independent[np.abs(independent) <= tolerance()] = ZERO
    independent = independent * columns
    for row, column in zip(range(len(pivots)), pivots, strict=True):
        independent[row] = independent[row] / independent[row, column]
    return Reduced(independent, tuple(pivots))


def null_space(matrix: Reduced) -> np.ndarray:
    """The directions in which the rows do not change, (direction, column)."""
    width = matrix.rows.shape[1]
    free = [column for column in range(width) if column not in matrix.pivots]
    directions = np.full((len(free), width), ZERO, dtype=object)
    for direction, column in zip(directions, free, strict=True):
        direction[column] = Decimal(1)
        if matrix.pivots:
            direction[list(matrix.pivots)] = -matrix.rows[:, column]
    return directions


def _scaled(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are not zero, each by its largest entry, then columns by theirs; and the largest of the columns."""
    rows = matrix[(matrix != ZERO).any(axis=1)]
    if len(rows):
        rows = rows / np.abs(rows).max(axis=1)[:, None]
    columns = np.abs(rows).max(axis=0) if len(rows) else np.full(rows.shape[1], ZERO, dtype=object)
    columns[columns == ZERO] = Decimal(1)
    return rows / columns, columns


def _is_clearly_nonzero(value: Decimal) -> bool:
    """Whether a number is not zero; an `UnclearError` if that is not clear."""
    digits = decimal.getcontext().prec
    if value > Decimal(10) ** -(2 * digits // 5):
        return True
    if value > Decimal(10) ** -(3 * digits // 5):
        raise UnclearError
    return False
