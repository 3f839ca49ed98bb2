"""Where the numbers of studies of some patients lie, whatever the number is of."""

from __future__ import annotations

import math

from kinetics.observation.distribution import Observed
from kinetics.published.likelihoods.mean import Mean
from kinetics.published.likelihoods.median import Median


def studies_interval(observed: Observed, statistic: str, n: int) -> tuple[float, float]:
    """Where 95 % of studies of n patients have a statistic, by the laws of the likelihoods; NaN if there is none.

    A statistic that the source does not state, or a range, is taken for the mean; ``typical`` has no law.
    """
    if statistic == "typical":
        return math.nan, math.nan
    if statistic in ("median", "survival_median"):
        return Median(n, math.nan).interval(observed)
    mean = Mean(n, math.nan, log=statistic == "geometric_mean")
    return mean.sd_interval(observed)[1:] if statistic == "sd" else mean.interval(observed)
