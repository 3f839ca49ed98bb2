"""A published row beside the typical patient: its residual on the log scale, and the derivatives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import Faults
from kinetics.published.kinds.quantity import TypicalNumber
from kinetics.published.target import RowInFit, Target
from kinetics.units import conversion, parse_unit

LOWEST = 1e-9
"""Below this share of the published number the logarithm goes on as its tangent: finite at zero and below."""


@dataclass(frozen=True, eq=False)
class TypicalTarget(Target):
    r"""One published number under the typical patient; ``factor`` is from the unit of ``quantity`` to the row's.

    With model value :math:`x`, published value :math:`v`, own log standard error :math:`s` and discrepancy :math:`d`,
    the residual is :math:`(\ln x - \ln v)/\sqrt{s^2 + d^2}`; for a range it is zero inside and counts from the nearer
    end outside. A row with a standard error has the residual :math:`(x - v)/s`. ``error_sd`` is the denominator;
    infinite for a row that is only compared and gives no error.
    """

    quantity: TypicalNumber
    factor: float
    error_sd: float

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.quantity.horizon()

    def value(self, trajectory: Trajectory, until: float) -> float:
        """The model's value in the row's unit; infinite if a threshold is not reached again, NaN if never below it."""
        return self.quantity.value(trajectory, until) * self.factor

    def residual(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The residual, always finite, and its derivatives by the chosen parameters, (parameter,)."""
        value, gradient = self.quantity.with_gradient(trajectory, until)
        if self.row.on_own_scale:
            error = value * self.factor - float(self.row.value or 0.0)
            return error / self.error_sd, self.factor * gradient / self.error_sd
        lowest = LOWEST * float(self.row.value or self.row.lower or math.nan) / self.factor
        log = math.log(value) if value > lowest else math.log(lowest) + value / lowest - 1
        error, outside = self._distance(log + math.log(self.factor))
        return error / self.error_sd, outside * gradient / max(value, lowest) / self.error_sd


def typical_target(entry: RowInFit, discrepancy: float) -> TypicalTarget:
    """Check a published row, with the outputs before treatment, and make it a target of the typical patient.

    ``discrepancy`` is a log standard deviation that is added to the row's own. An `InputError` has every fault: also a
    baseline below the threshold, and a row for fitting without an error.
    """
    row, faults = entry.row, Faults()
    own = row.standard_error or row.own_log_se()
    if row.use == "fit" and own is None and discrepancy == 0:
        message = "a row for fitting needs log_se, a standard_error, an interval, or sd and n"
        faults.add(f"{message}; or give the fit a discrepancy", name=f"{row.name}.log_se")
    if row.standard_error is not None and discrepancy:
        message = "is on the scale of the row, and the discrepancy of the fit on that of the logarithm; leave one out"
        faults.add(message, name=f"{row.name}.standard_error")
    if row.statistic == "covariance":
        faults.add("a covariance needs a population; give the fit a table [population]", name=row.name)
    unit = None
    with faults.gather(name=f"{row.name}.unit"):
        unit = parse_unit(row.unit)
    entry, factor, quantity = entry.timed(faults), 1.0, None
    with faults.gather(name=row.name):
        quantity = entry.kind.typical(entry)
        if unit is not None:
            factor = float(conversion(quantity.unit, unit))
    faults.raise_if_any()
    assert quantity is not None
    error_sd = math.inf if own is None and discrepancy == 0 else math.hypot(own or 0.0, discrepancy)
    return TypicalTarget(row, entry.regimen, quantity, factor, error_sd, settings=entry.settings)
