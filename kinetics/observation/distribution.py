"""What a study observes of virtual patients: expectations over the noise of its measurements, patient by patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

Scalar = complex | float
"""A number, complex to carry a derivative."""

POWERS = np.arange(3)
"""Raw moments up to the second."""


class Expected(NamedTuple):
    """Expectations of some functions of what is observed.

    ``of_patients``, (patient, function), are those over the noise, for each patient; ``by_outcome``, (outcome,
    function), the functions themselves, where what is observed has a few outcomes.
    """

    of_patients: np.ndarray
    by_outcome: np.ndarray | None

    def combined(self, weights: np.ndarray, constant: np.ndarray) -> Expected:
        """Linear combinations, (function, combination) and (combination,)."""
        by_outcome = None if self.by_outcome is None else self.by_outcome @ weights + constant
        # of a few columns: not by BLAS, whose threads would cost more than they gain
        return Expected(np.einsum("pf,fc->pc", self.of_patients, weights) + constant, by_outcome)


def joined(parts: Sequence[Expected]) -> Expected:
    """Functions side by side."""
    outcomes = [one.by_outcome for one in parts if one.by_outcome is not None]
    together = np.concatenate(outcomes, axis=1) if outcomes else None
    return Expected(np.concatenate([one.of_patients for one in parts], axis=1), together)


class Observed(Protocol):
    """A quantity as a study observes it in a population of virtual patients: enough for the interval of a summary."""

    @property
    def counted(self) -> Scalar:
        """The share of the population that the n of a row counts."""
        ...

    def moments(self, *, log: bool) -> Expected:
        """Raw moments 0 to 2 of the quantity or of its logarithm, among those who have it; the 0th is their share."""
        ...

    def nodes(self, *, log: bool) -> tuple[np.ndarray, np.ndarray]:
        """Values of the quantity or of its logarithm and their probabilities, both (row, node).

        A row is a patient, or an outcome that is a value; nodes are of a quadrature over noise or scatter.
        """
        ...

    def averaged(self, function: np.ndarray) -> Expected:
        """The expectation of a function that is given at the nodes, (row, node), and is zero without a value."""
        ...

    def below(self, level: float) -> Expected:
        """Two functions: being at or below a level, and being counted but above it."""
        ...

    def bracket(self) -> tuple[float, float]:
        """Levels below and above all that matters."""
        ...


class ObservedDistribution(Observed, Protocol):
    """The same with a density, which the likelihood of a summary needs."""

    @property
    def outcomes(self) -> np.ndarray | None:
        """Probability of each outcome, (outcome,), over the population; None where there is a continuum."""
        ...

    @property
    def jumps(self) -> np.ndarray:
        """Levels at which the density jumps, (jump,)."""
        ...

    def density(self, level: float) -> Scalar:
        """The density of the population there, among those who are counted."""
        ...


def share(observed: Observed, level: float) -> Scalar:
    """The share of a population at or below a level, of those who are counted."""
    return shares(observed.below(level))[0]


def shares(functions: Expected) -> tuple[Scalar, Scalar]:
    """The two parts of those who are counted, each exact however small it is; 0 and 1 if nobody is counted."""
    first, second = functions.of_patients.mean(axis=0)
    counted = first + second
    return (first / counted, second / counted) if np.real(counted) > 0 else (0.0, 1.0)
