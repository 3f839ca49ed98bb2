"""The mean of a number of each patient's parameters over those who have an event, or over those who have not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinetics.observation.observed_sample import ObservedSample
from kinetics.published.kinds.quantity import Columns, OfExpression
from kinetics.published.likelihoods.studies import studies_interval

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class CovariateWithEvent(OfExpression):
    """Each patient is weighted by the probability of the event by a time, which the output is."""

    columns = Columns(("output", "time", "expression"))

    def number(self, patients: Patients) -> float:
        """The mean; NaN if nobody counts."""
        values, weights = self._weighted(patients)
        return float(np.average(values, weights=weights)) if weights.sum() > 0 else np.nan

    def studies_of(self, patients: Patients, n: int) -> tuple[float, float]:
        """Of a mean over those of n patients who count."""
        return studies_interval(ObservedSample(*self._weighted(patients)), "mean", n)

    def weights(self, probability: np.ndarray) -> np.ndarray:
        """How much each patient counts, (patient,), by the probability of the event, (patient,)."""
        return probability

    def _weighted(self, patients: Patients) -> tuple[np.ndarray, np.ndarray]:
        """The number of each patient and the weight, both (patient,)."""
        weights = self.weights(patients.true(self.output, np.array([self.time]))[:, 0])
        return self.derived.of_patients(self.arm.model, patients.constants), weights


class CovariateWithoutEvent(CovariateWithEvent):
    """Each patient is weighted by the probability of having no event by a time."""

    def weights(self, probability: np.ndarray) -> np.ndarray:
        """How much each patient counts, (patient,), by the probability of the event, (patient,)."""
        return 1.0 - probability
