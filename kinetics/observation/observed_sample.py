"""Numbers of virtual patients, one by one, as what a study observes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.observation.distribution import POWERS, Expected


@dataclass(frozen=True, eq=False)
class ObservedSample:
    """A number of each patient, ``values``, (patient,): infinite for never, NaN for one who is not counted.

    ``weights``, (patient,), are the probabilities that a patient is one of those whose number is asked for, by default
    1; the n of a row counts all patients.

    >>> observed = ObservedSample(np.array([1.0, 3.0, np.inf, np.nan]))
    >>> observed.counted, observed.moments(log=False).of_patients.mean(axis=0).tolist()
    (0.75, [0.5, 1.0, 2.5])
    """

    values: np.ndarray
    weights: np.ndarray | None = None

    @property
    def counted(self) -> float:
        """The share that is not NaN."""
        return float((~np.isnan(self.values)).mean())

    def moments(self, *, log: bool) -> Expected:
        """Raw moments 0 to 2, (patient, 3), zero for a patient without a value."""
        values, weights = self._known(log=log)
        return Expected(weights[:, None] * values[:, None] ** POWERS, None)

    def nodes(self, *, log: bool) -> tuple[np.ndarray, np.ndarray]:
        """The values or their logarithms, and their probabilities, (patient, 1)."""
        values, weights = self._known(log=log)
        return values[:, None], weights[:, None] / len(values)

    def averaged(self, function: np.ndarray) -> Expected:
        """The function, (patient, 1), of those who have a value."""
        return Expected(function * self._known(log=False)[1][:, None], None)

    def below(self, level: float) -> Expected:
        """Being at or below a level, and being above it, (patient, 2)."""
        both = np.stack([self.values <= level, self.values > level], axis=1)
        return Expected(both if self.weights is None else self.weights[:, None] * both, None)

    def bracket(self) -> tuple[float, float]:
        """The least and the greatest; NaN if nobody has a value."""
        finite = self.values[np.isfinite(self.values)]
        return (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)

    def _known(self, *, log: bool) -> tuple[np.ndarray, np.ndarray]:
        """Values and weights, (patient,); of a patient without a value any value and no weight."""
        finite = np.isfinite(self.values)
        values = np.where(finite, self.values, 1.0)
        weights = finite.astype(float) if self.weights is None else finite * self.weights
        return np.log(values) if log else values, weights
