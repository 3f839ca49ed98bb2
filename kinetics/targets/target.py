"""A published row beside the model's counterpart, and its residual on the log scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.errors import InputError
from kinetics.measures import TimeToThreshold
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.targets.count import Count, PercentOfBaseline
from kinetics.targets.published import PublishedRow
from kinetics.targets.quantity import Quantity
from kinetics.targets.recovery import Recovery
from kinetics.units import conversion, parse_quantity, parse_unit

__all__ = ["Target", "target_of"]


@dataclass(frozen=True, eq=False)
class Target:
    r"""One published number under the typical patient.

    With model value :math:`x`, published value :math:`v`, own log standard error :math:`s` and discrepancy :math:`d`, the residual is
    :math:`(\ln x - \ln v)/\sqrt{s^2 + d^2}`; for a range it is zero inside and counts from the nearer end outside.

    Parameters
    ----------
    row : PublishedRow
        The published number.
    regimen : Regimen
        What its patients were given.
    quantity : Quantity
        The model's counterpart.
    factor : float
        From the model's unit to the row's.
    log_sd : float
        :math:`\sqrt{s^2 + d^2}`; infinite for a row that is only compared and gives no error.
    """

    row: PublishedRow
    regimen: Regimen
    quantity: Quantity
    factor: float
    log_sd: float

    @cached_property
    def published_text(self) -> str:
        """The published value or range, without unit."""
        if self.row.is_range:
            return f"{self.row.lower:g}-{self.row.upper:g}"
        return f"{self.row.value:g}"

    def value(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The model's value in the row's unit, and its derivatives by the chosen parameters, (parameter,)."""
        value, gradient = self.quantity.of(trajectory, until)
        return value * self.factor, gradient * self.factor

    def log_error(self, value: float) -> float:
        """ln(model / published); for a range the distance outside it."""
        if not self.row.is_range:
            return math.log(value / float(self.row.value or math.nan))
        above, below = math.log(value / float(self.row.upper or math.nan)), math.log(value / float(self.row.lower or math.nan))
        return max(above, 0.0) + min(below, 0.0)

    def residual(self, value: float, gradient: np.ndarray) -> tuple[float, np.ndarray]:
        """The residual and its derivatives, (parameter,)."""
        error = self.log_error(value)
        outside = 0.0 if self.row.is_range and error == 0.0 else 1.0
        return error / self.log_sd, outside * gradient / value / self.log_sd


def target_of(
    row: PublishedRow, model: Model, regimen: Regimen, discrepancy: float, horizon: float, baseline: np.ndarray, where: str
) -> Target:
    """Check a published row against a model and make it a target.

    Raises
    ------
    InputError
        If the output is unknown, units do not fit, the time is outside the simulation, the baseline is below the threshold, or a row for fitting has
        no error.
    """
    quantity, unit = _quantity(row, model, regimen, horizon, baseline)
    factor = float(conversion(unit, parse_unit(row.unit)))
    own = row.own_log_se()
    if row.use == "fit" and own is None and discrepancy == 0:
        raise InputError("a row for fitting needs log_se, an interval, or sd and n; or give the fit a discrepancy")
    log_sd = math.inf if own is None and discrepancy == 0 else math.hypot(own or 0.0, discrepancy)
    return Target(row, regimen, quantity, factor, log_sd)


def _quantity(
    row: PublishedRow, model: Model, regimen: Regimen, horizon: float, baseline: np.ndarray
) -> tuple[Quantity, object]:
    if row.output not in model.outputs:
        raise InputError(f"model '{model.name}' has no output '{row.output}'; there are {', '.join(model.outputs)}")
    output = model.outputs[row.output]
    if row.kind == "time_to_threshold":
        rest = float(baseline[list(model.outputs).index(row.output)])
        measure = TimeToThreshold(row.output, str(row.level))
        return Recovery.checked(measure, output.unit, rest, regimen, model.time, horizon), model.time
    time, _ = parse_quantity(str(row.time), model.time)
    if not 0 <= time <= horizon:
        raise InputError(f"time {row.time} is outside the simulation, 0 to {horizon:g}")
    if row.kind == "count":
        return Count(row.output, time), output.unit
    return PercentOfBaseline(row.output, time), parse_unit("percent")
