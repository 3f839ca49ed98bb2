"""A published row of a fit with what it is compared with, and the distance of the model from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from kinetics.errors import Faults, InputError, UnitError
from kinetics.files.checksums import content_hash
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.published.kinds import KINDS, Quantity
from kinetics.published.row import PublishedRow
from kinetics.regimen import Regimen
from kinetics.units import Unit, conversion, parse_quantity, parse_unit


@dataclass(frozen=True, eq=False)
class RowInFit:
    """What a published ``row`` of a fit is read against: ``model``, and the ``regimen`` that its patients were given.

    ``horizon``, the longest simulation, and ``time``, that of the row or 0, are in the model's time. ``schedule`` is
    when patients of a population were measured, if the row is of a recovery. ``baseline``, (output,), are the outputs
    of the typical patient before treatment, in the model's units. ``settings`` are values of the arm by flat name, in
    the model's units.
    """

    row: PublishedRow
    model: Model
    regimen: Regimen
    horizon: float
    schedule: VisitSchedule | None = None
    baseline: np.ndarray | None = None
    settings: Mapping[str, float] = field(default_factory=dict[str, float])
    time: float = 0.0

    @property
    def kind(self) -> type[Quantity]:
        """The kind of the row."""
        return KINDS[self.row.kind]

    def timed(self, faults: Faults) -> RowInFit:
        """The same with its time; one outside the simulation is noted in ``faults``."""
        if self.row.time is not None:
            with faults.gather(name=f"{self.row.name}.time"):
                return replace(self, time=self.time_of(self.row.time))
        return self

    def time_of(self, text: str) -> float:
        """A time in the model's; an `InputError` if it is outside the simulation."""
        time, _ = parse_quantity(text, self.model.time)
        if not 0 <= time <= self.horizon:
            raise InputError(f"time {text} is outside the simulation, 0 to {self.horizon:g}")
        return time

    def baseline_of(self, name: str) -> float:
        """An output of the typical patient before treatment, in its unit."""
        assert self.baseline is not None
        return float(self.baseline[list(self.model.outputs).index(name)])

    def noise(self, name: str) -> float:
        """The standard deviation of the logarithm of a measurement, which the output must have."""
        noise = self.model.output(name).noise
        if noise is None:
            message = f"output '{name}' of model '{self.model.name}' has no 'noise', which a population fit needs"
            raise InputError(message)
        return noise

    def factor(self, unit: Unit) -> float:
        """From a unit of the model to that of the row."""
        row = self.row
        try:
            return float(conversion(unit, parse_unit(row.unit)))
        except UnitError as error:
            raise UnitError(f"unit '{row.unit}' does not fit a {row.kind} of {row.output}: {error}") from error


@dataclass(frozen=True, eq=False)
class Target:
    """One published number, and the regimen that its patients were given.

    ``settings`` are values of its arm by flat name, in the model's units.
    """

    row: PublishedRow
    regimen: Regimen
    settings: Mapping[str, float] = field(default_factory=dict[str, float], kw_only=True)

    @property
    def arm(self) -> tuple[str, str, str, str]:
        """Study, cohort, regimen and settings: rows of one arm are of the same patients."""
        return self.row.trial, self.row.cohort, self.regimen.content_hash, content_hash(dict(self.settings))

    @cached_property
    def published_text(self) -> str:
        """The published value or range, without unit."""
        if self.row.is_range:
            return f"{self.row.lower:g}-{self.row.upper:g}"
        return f"{self.row.value:g}"

    @property
    def visits(self) -> tuple[float, ...]:
        """When patients are measured, in the model's time; empty if that is the time of the row."""
        return ()

    @property
    def window(self) -> float:
        """How far the days of visits may be from the schedule, in the unit of the row; infinite if nothing says."""
        return math.inf

    def log_error(self, value: float) -> float:
        """ln(model / published) of a value in the row's unit; for a range the distance outside it.

        NaN for a row with an error on its own scale.
        """
        if self.row.on_own_scale:
            return math.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._distance(float(np.log(value)))[0]

    def _distance(self, log_value: float) -> tuple[float, float]:
        """The error on the log scale, and its derivative: 0 inside a range, else 1."""
        if not self.row.is_range:
            return log_value - math.log(self.row.value or math.nan), 1.0
        above = max(log_value - math.log(self.row.upper or math.nan), 0.0)
        below = min(log_value - math.log(self.row.lower or math.nan), 0.0)
        return above + below, float(above + below != 0)
