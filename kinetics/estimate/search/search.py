"""One search: where it began and ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Search"]


@dataclass(frozen=True)
class Search:
    """One search.

    Parameters
    ----------
    start, end : ndarray, (parameter,)
        Logarithms of the parameters where it began and ended.
    cost : float
        At the end: half the sum of squared residuals, or of a population fit minus the log posterior.
    converged : bool
        Whether it ended by its own criterion, where the model can be integrated.
    message : str
        Why it ended.
    """

    start: np.ndarray
    end: np.ndarray
    cost: float
    converged: bool
    message: str
