"""Predictions from individual parameters on their normal scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kinetics.mixed_effects.model.individual_parameters import ParameterModel
from kinetics.mixed_effects.model.structural import StructuralModel

LARGEST = 1e100
"""Of a prediction or derivative: parameters that a search tries may be far out of range."""


class Predictor(Protocol):
    """Predictions from parameters on their normal scales."""

    def predict(self, individuals: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation), at (lane, occasion, parameter)."""
        ...

    def linearise(self, individuals: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions and derivatives, (lane, observation, occasion and parameter)."""
        ...


@dataclass(frozen=True, eq=False)
class StructuralPredictor:
    """The predictions of a structural model; NaN, and no warning, where it has none that can be squared."""

    structural: StructuralModel
    parameters: ParameterModel

    def predict(self, individuals: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation), at (lane, occasion, parameter)."""
        with np.errstate(all="ignore"):
            return _squarable(self.structural.predict(individuals, self.parameters.natural(normal)))

    def linearise(self, individuals: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions and derivatives, (lane, observation, occasion and parameter)."""
        with np.errstate(all="ignore"):
            values, jacobian = self.structural.linearise(individuals, self.parameters.natural(normal))
            chained = jacobian * self.parameters.slope(normal)[:, None]
        return _squarable(values), _squarable(chained).reshape(*values.shape, normal[0].size)


def _squarable(array: np.ndarray) -> np.ndarray:
    return np.where(np.abs(array) < LARGEST, array, np.nan)
