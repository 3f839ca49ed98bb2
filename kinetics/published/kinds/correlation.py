"""The correlation over patients of one output with another, or of an event with an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinetics.published.kinds.quantity import Columns, Quantity
from kinetics.units import conversion, parse_unit
from kinetics.units.levels import SLACK

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class Correlation(Quantity):
    """Pearson's correlation of the output at ``time`` with the output ``over`` at ``since``, each as measured."""

    columns = Columns(("output", "over", "time"), ("since",))
    scale = None

    def number(self, patients: Patients) -> float:
        """The correlation; NaN if one of them is the same in all patients."""
        values, others = patients.measured_once(self.output, self.time), self.others(patients)
        return _quotient(np.cov(values, others, ddof=0)[0, 1], _sd(values) * _sd(others))

    def others(self, patients: Patients) -> np.ndarray:
        """The measurements of the other output, (measured patient,), at the time of the first without a ``since``."""
        return patients.measured_once(str(self.row.over), self.time if self.since is None else self.since)


class CorrelationWithEvent(Correlation):
    r"""Pearson's correlation of having the event by ``time``, 0 or 1, with the output ``over``, as measured.

    The output is the probability :math:`p` of the event by then. Having it has the mean :math:`\bar p`, the variance
    :math:`\bar p (1 - \bar p)`, and the covariance of :math:`p` with what the event does not act on.
    """

    def read(self) -> None:
        """The output must be a share."""
        conversion(self.unit_of_output(), parse_unit("1"))

    def number(self, patients: Patients) -> float:
        """The correlation; NaN if nobody or everybody has the event."""
        others = self.others(patients)
        probability = patients.true(self.output, np.array([self.time]))[:, 0]
        probability = np.tile(probability, others.size // probability.size)
        mean = probability.mean()
        return _quotient(np.cov(probability, others, ddof=0)[0, 1], np.sqrt(mean * (1 - mean)) * _sd(others))


def _sd(values: np.ndarray) -> float:
    """The standard deviation; 0 if all are the same but for errors of integration."""
    sd = float(values.std())
    return sd if sd > SLACK * float(np.abs(values).max()) else 0.0


def _quotient(covariance: float, scale: float) -> float:
    return float(covariance / scale) if scale > 0 else np.nan
