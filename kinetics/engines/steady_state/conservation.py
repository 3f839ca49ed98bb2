"""Sums of states that never change, and linear equations for what changes beside them."""

from __future__ import annotations

import numpy as np

LINEAR = 1e-12
"""Singular values of rates, over the largest, of sums that do not change."""


def conservation_laws(rates: np.ndarray) -> np.ndarray:
    """Orthonormal weights w with w' f = 0 for the rates f of every sample.

    Parameters
    ----------
    rates : ndarray, (state, sample)
        At more states than there are, of no special position.

    Returns
    -------
    ndarray, (state, law)

    Examples
    --------
    >>> conservation_laws(np.array([[1.0, -2.0, 3.0], [-1.0, 2.0, -3.0]])).round(6)  # one becomes the other
    array([[0.707107],
           [0.707107]])
    """
    # a slow state counts as much as a fast one, and a sample in which all is fast as much as one in which all is slow
    speeds = np.abs(rates).max(axis=1, initial=0.0)
    speeds = np.where(speeds > 0, speeds, 1.0)
    scaled = rates / speeds[:, None]
    largest = np.abs(scaled).max(axis=0, initial=0.0)
    u, values, _ = np.linalg.svd(scaled / np.where(largest > 0, largest, 1.0))
    rank = int((values > LINEAR * values.max(initial=0.0)).sum())
    # fewest states a law: a slow one would take up the rounding of fast ones
    weights = _eliminated(u[:, rank:].T).T / speeds[:, None]
    weights, _ = np.linalg.qr(weights / np.abs(weights).max(axis=0, initial=0.0))
    return weights * np.where(weights.sum(axis=0) < 0, -1.0, 1.0)


def _eliminated(laws: np.ndarray) -> np.ndarray:
    """Laws, (law, state), that span the same, each with a state that no other has."""
    laws, rows = laws.copy(), np.arange(len(laws))
    for number in rows:
        row, state = np.unravel_index(np.abs(laws[number:]).argmax(), laws[number:].shape)
        laws[[number, number + row]] = laws[[number + row, number]]
        laws[number] /= laws[number, state]
        laws[rows != number] -= np.outer(laws[rows != number, state], laws[number])
        laws[rows != number, state] = 0.0
    return np.where(np.abs(laws) > LINEAR, laws, 0.0)


def solve_conserving(matrix: np.ndarray, right: np.ndarray, laws: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Solve M x = right, where w' M = 0 for some laws w, for the solution with w' x = totals.

    Where M is singular in other directions too, it is the shortest of the nearest ones beside the totals.

    Parameters
    ----------
    matrix : ndarray, (state, state)
        M.
    right : ndarray, (state, column)
        What the laws weigh of it is left out.
    laws : ndarray, (state, law)
        Orthonormal.
    totals : ndarray, (law, column)
        What the laws weigh of the solution.

    Examples
    --------
    >>> half = np.array([[0.5], [0.5]]) * 2**0.5
    >>> exchange = np.array([[-3.0, 1.0], [3.0, -1.0]])
    >>> solve_conserving(exchange, np.zeros((2, 1)), half, np.array([[4.0]]) * 2**-0.5).ravel().round(6)  # 4 in all
    array([1., 3.])
    """
    conserved = laws @ totals
    free = complement(laws)
    reduced, known = free.T @ matrix @ free, free.T @ (right - matrix @ conserved)
    pace = np.abs(reduced).max(axis=1, initial=0.0)[:, None]
    pace = np.where(pace > 0, pace, 1.0)
    return conserved + free @ np.linalg.lstsq(reduced / pace, known / pace, rcond=None)[0]


def complement(laws: np.ndarray) -> np.ndarray:
    """Orthonormal directions in which the sums of the laws do not change, (state, direction)."""
    if not laws.shape[1]:
        return np.eye(len(laws))
    return np.linalg.qr(laws, mode="complete")[0][:, laws.shape[1] :]
