"""Parameters in blocks of lanes, as `kernels.tangent` has them."""

from __future__ import annotations

import numpy as np

from kinetics.engines.batch.kernels.problems import SparseTerms


def in_blocks(array: np.ndarray, lanes: int, directions: int = 0) -> np.ndarray:
    """(..., state, parameter) to (..., block, state * lane); there are blocks for so many directions, one at least."""
    *lead, states, size = array.shape
    blocks = max(1, -(-max(size, directions) // lanes))
    padded = np.zeros((*lead, states, blocks * lanes))
    padded[..., :size] = array
    split = np.moveaxis(padded.reshape(*lead, states, blocks, lanes), -2, -3)
    return np.ascontiguousarray(split.reshape(*lead, blocks, states * lanes))


def sparse_terms(table: np.ndarray, by_parameter: np.ndarray, lanes: int) -> SparseTerms:
    """The products of derivatives by constants, rows and constants of ``table`` (2, entry), with what is not zero.

    That is of ``by_parameter``, (constant, parameter), what a parameter does to a constant.
    """
    entries, columns = np.nonzero(by_parameter[table[1]])
    # unsigned, so that compiled code does not look whether an index counts from the end
    indices = np.vstack([columns // lanes, table[0, entries] * lanes + columns % lanes, entries]).astype(np.uint64)
    return SparseTerms(np.ascontiguousarray(indices), by_parameter[table[1, entries], columns])
