"""A published row beside the model's counterpart, and its residual on the log scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import Faults, InputError
from kinetics.measures import TimeToThreshold
from kinetics.model import Model
from kinetics.published.typical.count import Count, PercentOfBaseline
from kinetics.published.typical.published import PublishedRow
from kinetics.published.typical.quantity import Quantity
from kinetics.published.typical.recovery import Recovery
from kinetics.regimen import Regimen
from kinetics.units import conversion, parse_quantity, parse_unit

__all__ = ["Target", "TypicalTarget", "time_within", "typical_target"]

LOWEST = 1e-9
"""Below this share of the published number the logarithm goes on as its tangent: finite at zero and below."""


@dataclass(frozen=True, eq=False)
class Target:
    """One published number, and what its patients were given.

    Parameters
    ----------
    row : PublishedRow
        The published number.
    regimen : Regimen
        What its patients were given.
    """

    row: PublishedRow
    regimen: Regimen

    @cached_property
    def published_text(self) -> str:
        """The published value or range, without unit."""
        if self.row.is_range:
            return f"{self.row.lower:g}-{self.row.upper:g}"
        return f"{self.row.value:g}"

    @property
    def visits(self) -> tuple[float, ...]:
        """When patients are seen; a typical patient is always."""
        return ()

    def log_error(self, value: float) -> float:
        """ln(model / published) of a value in the row's unit; for a range the distance outside it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._distance(float(np.log(value)))[0]

    def _distance(self, log_value: float) -> tuple[float, float]:
        """The error on the log scale, and its derivative: 0 inside a range, else 1."""
        if not self.row.is_range:
            return log_value - math.log(self.row.value or math.nan), 1.0
        above = max(log_value - math.log(self.row.upper or math.nan), 0.0)
        below = min(log_value - math.log(self.row.lower or math.nan), 0.0)
        return above + below, float(above + below != 0)


@dataclass(frozen=True, eq=False)
class TypicalTarget(Target):
    r"""One published number under the typical patient.

    With model value :math:`x`, published value :math:`v`, own log standard error :math:`s` and discrepancy :math:`d`,
    the residual is :math:`(\ln x - \ln v)/\sqrt{s^2 + d^2}`; for a range it is zero inside and counts from the nearer
    end outside.

    Parameters
    ----------
    quantity : Quantity
        The model's counterpart.
    factor : float
        From the model's unit to the row's.
    log_sd : float
        :math:`\sqrt{s^2 + d^2}`; infinite for a row that is only compared and gives no error.
    """

    quantity: Quantity
    factor: float
    log_sd: float

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.quantity.horizon()

    def value(self, trajectory: Trajectory, until: float) -> float:
        """The model's value in the row's unit; infinite if a threshold is not reached again, NaN if never below it."""
        return self.quantity.value(trajectory, until) * self.factor

    def residual(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The residual, always finite, and its derivatives by the chosen parameters, (parameter,)."""
        value, gradient = self.quantity.with_gradient(trajectory, until)
        lowest = LOWEST * float(self.row.value or self.row.lower or math.nan) / self.factor
        log = math.log(value) if value > lowest else math.log(lowest) + value / lowest - 1
        error, outside = self._distance(log + math.log(self.factor))
        return error / self.log_sd, outside * gradient / max(value, lowest) / self.log_sd


def typical_target(
    row: PublishedRow, model: Model, regimen: Regimen, baseline: np.ndarray, *, discrepancy: float, horizon: float
) -> TypicalTarget:
    """Check a published row against a model and make it a target of the typical patient.

    Parameters
    ----------
    row : PublishedRow
        The published number.
    model : Model
        The model it is compared with.
    regimen : Regimen
        What its patients were given.
    baseline : ndarray, (output,)
        The outputs before treatment, in the model's units.
    discrepancy : float
        Log standard deviation added to the row's own.
    horizon : float
        The longest simulation, in the model's time.

    Raises
    ------
    InputError
        With everything that is wrong: an unknown output, units that do not fit, a time outside the simulation, a
        baseline below the threshold, a row for fitting without an error.
    """
    faults = Faults()
    own = row.own_log_se()
    if row.use == "fit" and own is None and discrepancy == 0:
        message = "a row for fitting needs log_se, an interval, or sd and n; or give the fit a discrepancy"
        faults.add(message, name=f"{row.name}.log_se")
    unit = None
    with faults.gather(name=f"{row.name}.unit"):
        unit = parse_unit(row.unit)
    time = 0.0
    if row.time is not None:
        with faults.gather(name=f"{row.name}.time"):
            time = time_within(row.time, model, horizon)
    factor, quantity = 1.0, None
    with faults.gather(name=row.name):
        quantity, own_unit = _quantity(row, model, regimen, time, horizon, baseline)
        if unit is not None:
            factor = float(conversion(own_unit, unit))
    faults.raise_if_any()
    assert quantity is not None
    log_sd = math.inf if own is None and discrepancy == 0 else math.hypot(own or 0.0, discrepancy)
    return TypicalTarget(row, regimen, quantity, factor, log_sd)


def time_within(text: str, model: Model, horizon: float) -> float:
    """A time in the model's unit.

    Raises
    ------
    InputError
        If it is none, or outside the simulation.
    """
    time, _ = parse_quantity(text, model.time)
    if not 0 <= time <= horizon:
        raise InputError(f"time {text} is outside the simulation, 0 to {horizon:g}")
    return time


def _quantity(
    row: PublishedRow, model: Model, regimen: Regimen, time: float, horizon: float, baseline: np.ndarray
) -> tuple[Quantity, Any]:
    """The model's counterpart of a row, and its unit."""
    if row.output not in model.outputs:
        raise InputError(f"model '{model.name}' has no output '{row.output}'; there are {', '.join(model.outputs)}")
    unit, rest = model.outputs[row.output].unit, float(baseline[list(model.outputs).index(row.output)])
    if row.kind == "count":
        return Count(row.output, time), unit
    if row.kind == "ratio":
        raise InputError("a ratio of outputs needs a population; give the fit a table [population]")
    if row.kind == "percent_of_baseline":
        if not rest > 0:
            raise InputError(f"{row.output} is {rest:g} before treatment, so nothing is a percentage of it")
        return PercentOfBaseline(row.output, time), parse_unit("percent")
    measure = TimeToThreshold(row.output, str(row.level))
    return Recovery.checked(measure, unit, rest, regimen, model.time, horizon), model.time
