"""What every published summary can do, and what it says of a population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from kinetics.observation.distribution import Expected, ObservedDistribution


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A published summary under a population.

    ``log_likelihood`` is that of the published numbers of this row, by its own formula; complex to carry a derivative.
    ``error``, (number,), is published minus expected, on the scale where a study's summary is nearly normal, and
    ``variance``, (number, number), that of a study of the published size. ``influence``, (patient, number), is what one
    patient adds: a study of n patients has an error of the mean of n influences. None for a row without n.
    """

    log_likelihood: Any
    error: np.ndarray
    variance: np.ndarray
    influence: Expected | None


def impossible(functions: Expected, numbers: int) -> Evaluation:
    """What no patients of this population can show; errors say nothing and are of no other row."""
    none = functions.combined(np.zeros((functions.of_patients.shape[1], numbers)), np.zeros(numbers))
    return Evaluation(-np.inf, np.zeros(numbers), np.eye(numbers), none)


class Summary(Protocol):
    """A published summary of n patients: one class a formula."""

    @property
    def n(self) -> int | None:
        """The number of patients; None if it is not known, or not needed."""
        ...

    def evaluate(self, observed: ObservedDistribution) -> Evaluation:
        """How likely the published numbers are, complex if what is observed is."""
        ...

    def of(self, sample: np.ndarray) -> Summary:
        """The same summary of other patients, (patient,), in the row's unit; infinite is never, NaN is not counted."""
        ...

    def value(self, observed: ObservedDistribution) -> float:
        """The counterpart of the published value in a population, in the unit of the row."""
        ...

    def interval(self, observed: ObservedDistribution, level: float = 0.95) -> tuple[float, float]:
        """Where the value of a study of n patients lies with this probability; NaN without an n."""
        ...
