"""One search for the best estimates: where it began and ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Search:
    """Where one search began and ended, in logarithms of the parameters, (parameter,), and why.

    ``cost`` is half the sum of squared residuals at the end, or of a population fit minus the log posterior.
    ``converged`` says whether it ended by its own criterion, where the model can be integrated.
    """

    start: np.ndarray
    end: np.ndarray
    cost: float
    converged: bool
    message: str
