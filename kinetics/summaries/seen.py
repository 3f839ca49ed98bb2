"""What a study sees of each virtual patient: expectations over the noise of its measurements, patient by patient."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

__all__ = ["POWERS", "Expected", "Seen", "share"]

POWERS = np.arange(5)
"""Raw moments up to the fourth: the standard error of a standard deviation needs that."""


class Expected(NamedTuple):
    """Expectations of some functions of what is seen.

    Parameters
    ----------
    of_patients : ndarray, (patient, function)
        Over the noise, for each patient.
    by_outcome : ndarray, (outcome, function), or None
        The functions themselves, where what is seen has a few outcomes.
    """

    of_patients: np.ndarray
    by_outcome: np.ndarray | None

    def combined(self, weights: np.ndarray, constant: np.ndarray) -> Expected:
        """Linear combinations, (function, combination) and (combination,)."""
        by_outcome = None if self.by_outcome is None else self.by_outcome @ weights + constant
        return Expected(self.of_patients @ weights + constant, by_outcome)


class Seen(Protocol):
    """A quantity as a study sees it in a population of virtual patients of equal weight."""

    @property
    def outcomes(self) -> np.ndarray | None:
        """Probability of each outcome, (outcome,), over the population; None where there is a continuum."""
        ...

    def moments(self, *, log: bool) -> Expected:
        """Raw moments 0 to 4 of the quantity or of its logarithm, among those who have it; the 0th is their share."""
        ...

    def below(self, level: float) -> Expected:
        """Two functions: being below a level, and being counted at all."""
        ...

    def density(self, level: float) -> complex | float:
        """The density of the population there, among those who are counted."""
        ...

    def bracket(self) -> tuple[float, float]:
        """Levels below and above all that matters."""
        ...


def share(seen: Seen, level: float) -> complex | float:
    """The share of a population below a level, of those who are counted."""
    below, counted = seen.below(level).of_patients.mean(axis=0)
    return below / counted
