"""The chain rule from states and constants to what measurements read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class OutputTerms:
    """The products that the derivatives of two outputs a measurement are sums of.

    Parameters
    ----------
    shape : tuple of int
        2 and the number of measurements.
    first : ndarray of int, (sum,)
        The first product of each sum that has any.
    sums : tuple of two ndarrays of int, (sum,)
        Which output of which measurement it is.
    measurements, entries, columns : ndarray of int, (product,)
        Each is an entry of the table of derivatives of a measurement times a row of changes.
    """

    shape: tuple[int, int]
    first: np.ndarray
    sums: tuple[np.ndarray, np.ndarray]
    measurements: np.ndarray
    entries: np.ndarray
    columns: np.ndarray

    @classmethod
    def of(cls, entries: np.ndarray, outputs: np.ndarray) -> OutputTerms:
        """Those of a table with entries of some outputs and columns, (2, entry), for outputs (measurement, 2).

        Examples
        --------
        >>> entries, outputs = np.array([[0, 0, 1], [0, 1, 1]]), np.array([[0, 1]])
        >>> table, changes = np.array([[2.0, 3.0, 5.0]]), np.array([[[1.0], [10.0]]])
        >>> OutputTerms.of(entries, outputs).applied(table, changes).ravel()  # 2 + 30 and 50
        array([32., 50.])
        """
        numbers, measurements, own = np.nonzero(entries[0] == outputs.T[..., None])
        shape = 2, len(outputs)
        first = np.flatnonzero(np.diff(numbers * shape[1] + measurements, prepend=-1))
        return cls(shape, first, (numbers[first], measurements[first]), measurements, own, entries[1, own])

    def applied(self, table: np.ndarray, changes: np.ndarray) -> np.ndarray:
        """Derivatives, (2, measurement, direction), from a table (measurement, entry) and changes of the columns.

        These are (measurement, column, direction).
        """
        derivatives = np.zeros((*self.shape, changes.shape[2]))
        if self.first.size:
            products = table[self.measurements, self.entries, None] * changes[self.measurements, self.columns]
            derivatives[self.sums] = np.add.reduceat(products, self.first, axis=0)
        return derivatives
