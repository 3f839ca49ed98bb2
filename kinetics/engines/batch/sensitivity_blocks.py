"""Parameters in blocks of lanes, as `tangent.advance_tangent` has them."""

from __future__ import annotations

import numpy as np

__all__ = ["blocked", "moved"]


def blocked(array: np.ndarray, lanes: int) -> np.ndarray:
    """(..., state, parameter) to (..., block, state * lane); there is one block at least."""
    *lead, states, size = array.shape
    blocks = max(1, -(-size // lanes))
    padded = np.zeros((*lead, states, blocks * lanes))
    padded[..., :size] = array
    split = np.moveaxis(padded.reshape(*lead, states, blocks, lanes), -2, -3)
    return np.ascontiguousarray(split.reshape(*lead, blocks, states * lanes))


def moved(table: np.ndarray, by_parameter: np.ndarray, lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """Which entries of a table of derivatives by constants a parameter moves.

    Parameters
    ----------
    table : ndarray, (2, entry)
        Rows and constants.
    by_parameter : ndarray, (constant, parameter)
        What a constant has to do with a parameter; 0 for nothing.
    lanes : int
        In a block.

    Returns
    -------
    places : ndarray, (3, pair)
        Block, place in a flat array of (row, lane), and number of the entry, of each pair of entry and parameter.
    found : ndarray, (pair,)
        What its constant has to do with its parameter.
    """
    entries, columns = np.nonzero(by_parameter[table[1]])
    places = np.vstack([columns // lanes, table[0, entries] * lanes + columns % lanes, entries]).astype(np.uint64)
    return np.ascontiguousarray(places), by_parameter[table[1, entries], columns]
