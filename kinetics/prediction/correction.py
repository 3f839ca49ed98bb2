"""What the few patients of every draw get wrong, as many patients at the estimates show it, taken out of all draws.

Populations of draws have the same patients, so that they err alike. Arrays: ``drawn``, (draw, ...); ``few`` and
``many``, (...), the same number at the estimates of as few patients as a draw has, and of many.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit


def by_ratio(drawn: np.ndarray, few: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Counts or times of draws by the ratio of many to few; by their difference where there is no ratio.

    Where either is infinite or NaN, nothing is known to take out.

    >>> by_ratio(np.array([[2.0, 0.0, np.inf]]), np.array([1.0, 0.0, 3.0]), np.array([1.1, 0.5, np.inf])).tolist()
    [[2.2, 0.5, inf]]
    """
    known = np.isfinite(few) & np.isfinite(many)
    few, many = np.where(known, few, 1.0), np.where(known, many, 1.0)
    positive = few * many > 0
    ratio = np.divide(many, few, out=np.ones_like(few), where=positive)
    return drawn * ratio + np.where(positive, 0.0, many - few)


def by_odds(drawn: np.ndarray, few: np.ndarray, many: np.ndarray, patients: tuple[int, int]) -> np.ndarray:
    """Shares of draws by the ratio of the odds of many to few, so that a share stays one; none and all stay.

    ``patients`` are how many few and many are; half a patient is added to either side where one share is none or all.

    >>> by_odds(np.array([0.0, 0.5]), np.array(0.5), np.array(0.6), (10**9, 10**9)).round(6).tolist()
    [0.0, 0.6]
    """
    between = (few > 0) & (few < 1) & (many > 0) & (many < 1)
    of_few, of_many = (
        np.where(between, share, (share * n + 0.5) / (n + 1)) for share, n in zip((few, many), patients, strict=True)
    )
    shift = logit(of_many) - logit(of_few)
    return expit(logit(drawn) + np.where(np.isnan(shift), 0.0, shift))
