"""The mean of a number of each patient's parameters over those who have an event, or over those who have not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinetics.published.kinds.quantity import Columns, OfExpression

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class CovariateWithEvent(OfExpression):
    """Each patient is weighted by the probability of the event by a time, which the output is."""

    columns = Columns(("output", "time", "expression"))

    def number(self, patients: Patients) -> float:
        """The mean; NaN if nobody counts."""
        weights = self.weights(patients.true(self.output, np.array([self.time]))[:, 0])
        values = self.derived.of_patients(self.arm.model, patients.constants)
        return float(np.average(values, weights=weights)) if weights.sum() > 0 else np.nan

    def weights(self, probability: np.ndarray) -> np.ndarray:
        """How much each patient counts, (patient,), by the probability of the event, (patient,)."""
        return probability


class CovariateWithoutEvent(CovariateWithEvent):
    """Each patient is weighted by the probability of having no event by a time."""

    def weights(self, probability: np.ndarray) -> np.ndarray:
        """How much each patient counts, (patient,), by the probability of the event, (patient,)."""
        return 1.0 - probability
