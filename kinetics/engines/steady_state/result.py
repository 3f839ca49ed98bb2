"""Steady states of many rows, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class SteadyStates:
    """Steady states: of doses repeated without end just before the next one, of rates where they are zero.

    Parameters
    ----------
    states : ndarray, (row, state)
        NaN where there is none.
    changes : ndarray, (row, state, name)
        Their derivatives.
    reasons : list of str
        Why there is none; empty if there is one.
    """

    states: np.ndarray
    changes: np.ndarray
    reasons: list[str]
