"""How well each variant does: the dots of a figure of models that compete."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from kinetics.crossvalidation.folds import KINDS
from kinetics.variants import ModelComparison

POSTERIOR = "log_posterior"


def score_table(comparison: ModelComparison) -> xr.Dataset:
    """The log posterior of each variant, then its log scores by what was left out, as far as they were computed.

    Returned: ``value`` over (variant, score), without a unit, NaN where a variant has none; ``title`` (variant). Scores
    of single sources that no fit had are left to the table.
    """
    variants = comparison.variants
    scores = [POSTERIOR, *(kind for kind in KINDS if any(kind in one.scores for one in variants))]
    values = [
        [{POSTERIOR: one.log_posterior, **one.scores}.get(score, math.nan) for score in scores] for one in variants
    ]
    return xr.Dataset(
        {
            "value": (("variant", "score"), np.array(values, dtype=float), {"units": "1"}),
            "title": ("variant", np.array([one.problem.title for one in variants], dtype=object)),
        },
        {
            "variant": np.array([one.problem.name for one in variants], dtype=object),
            "score": np.array(scores, dtype=object),
        },
    )
