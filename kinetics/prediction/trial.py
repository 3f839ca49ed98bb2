"""A future trial: what a publication of a number of new patients will print of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.model.quantities import Output
from kinetics.prediction.trial_counts import TrialCounts
from kinetics.prediction.trial_recovery import Limited, TrialRecovery


@dataclass(frozen=True, eq=False)
class FutureTrial:
    """Counts of all outputs, and recoveries of those that have a lower limit of normal.

    ``patients`` are all of a trial for counts; for recoveries they are those who are seen below the limit.
    """

    patients: int
    counts: TrialCounts
    recovery: TrialRecovery

    @classmethod
    def of(
        cls,
        patients: int,
        outputs: Sequence[Output],
        limits: Mapping[str, float],
        times: np.ndarray,
        starts: np.ndarray,
    ) -> FutureTrial:
        """Of the outputs of a model, in order, and their limits in their units; times are in the model's."""
        limited = [
            Limited(output.name, column, limits[output.name], output.noise)
            for column, output in enumerate(outputs)
            if output.name in limits
        ]
        return cls(patients, TrialCounts(patients, outputs, limits), TrialRecovery(patients, limited, times, starts))
