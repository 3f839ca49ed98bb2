"""An output at a time: as it is, over its value before treatment, over another output."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import InputError
from kinetics.observation.population_values import CountProbe
from kinetics.published.kinds.quantity import FITTED, OF_PATIENTS, Columns, Quantity
from kinetics.units import Unit, parse_unit

if TYPE_CHECKING:
    from kinetics.published.patients import Patients
    from kinetics.published.target import RowInFit


class Count(Quantity):
    """An output at a time, as measured."""

    columns = Columns(("output", "time"), (), OF_PATIENTS)
    columns_in_fits = Columns(("output", "time"), (), (*FITTED, "covariance"))
    discrepancy_class = "value"
    own_unit = Quantity.unit_of_output

    def sample(self, patients: Patients) -> np.ndarray:
        """One measurement of each patient, (patient,)."""
        return patients.measured_once(self.output, self.time)

    @classmethod
    def typical(cls, entry: RowInFit) -> TypicalCount:
        """The output at the time."""
        return TypicalCount(entry.row.output, entry.time, entry.model.output(entry.row.output).unit)

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """One measurement, at least at the limit of quantification."""
        row, output = entry.row, entry.model.output(entry.row.output)
        noise, factor = entry.noise(row.output), entry.factor(output.unit)
        return CountProbe(row.output, entry.time, None, factor, noise, (output.quantification or 0.0) * factor)


class PercentOfBaseline(Quantity):
    """An output at a time over its value before treatment, each as measured."""

    columns, columns_in_fits = Count.columns, Columns(("output", "time"), (), FITTED)
    discrepancy_class = "value"

    def sample(self, patients: Patients) -> np.ndarray:
        """The share of the measurement before treatment, (patient,)."""
        return patients.measured_once(self.output, self.time) / patients.measured_once(self.output, 0.0)

    @classmethod
    def typical(cls, entry: RowInFit) -> TypicalCount:
        """The percentage."""
        name = entry.row.output
        entry.model.output(name)
        if not (rest := entry.baseline_of(name)) > 0:
            raise InputError(f"{name} is {rest:g} before treatment, so nothing is a percentage of it")
        return TypicalCount(name, entry.time, parse_unit("percent"), percent_of_baseline=True)

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """A measurement at the time and one before treatment."""
        return _quotient(entry, entry.row.output, 0.0)


class Ratio(Quantity):
    """An output over another at the same time, each as measured; a typical patient has none in a fit."""

    columns = Columns(("output", "over", "time"), (), OF_PATIENTS)
    columns_in_fits = Columns(("output", "over", "time"), (), FITTED)
    discrepancy_class = "value"

    def own_unit(self) -> Any:
        """That of one output over that of the other."""
        return self.unit_of_output() / self.arm.model.quantity(str(self.row.over)).unit

    def sample(self, patients: Patients) -> np.ndarray:
        """The ratio of two measurements of each patient, (patient,)."""
        return patients.measured_once(self.output, self.time) / patients.measured_once(str(self.row.over), self.time)

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """Two measurements at one time."""
        return _quotient(entry, str(entry.row.over), entry.time)


def _quotient(entry: RowInFit, other: str, at: float) -> CountProbe:
    """A measurement over another, each with noise of its own."""
    name = entry.row.output
    noise = math.hypot(entry.noise(name), entry.noise(other))
    factor = entry.factor(entry.model.output(name).unit / entry.model.output(other).unit)
    return CountProbe(name, entry.time, (other, at), factor, noise, 0.0)


@dataclass(frozen=True)
class TypicalCount:
    """The output at ``time`` (in the model's time), or 100 times that over its value before treatment."""

    output: str
    time: float
    unit: Unit | None = None
    percent_of_baseline: bool = False

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.time

    def value(self, trajectory: Trajectory, until: float) -> float:
        """The number."""
        if self.percent_of_baseline:
            then, before = (TypicalCount(self.output, time).value(trajectory, until) for time in (self.time, 0.0))
            return 100 * then / before
        return float(trajectory.outputs(np.array([self.time]))[0, trajectory.system.outputs.index(self.output)])

    def with_gradient(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The same with its derivatives by the chosen parameters, (parameter,)."""
        if not self.percent_of_baseline:
            index = trajectory.system.outputs.index(self.output)
            return self.value(trajectory, until), trajectory.output_gradient(np.array([self.time]))[0, index]
        (then, by_then), (before, by_before) = (
            TypicalCount(self.output, time).with_gradient(trajectory, until) for time in (self.time, 0.0)
        )
        ratio = then / before
        return 100 * ratio, 100 * (by_then - ratio * by_before) / before
