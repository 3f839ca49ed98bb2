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
from kinetics.published.kinds.quantity import FITTED, OF_PATIENTS, AtTime, Columns, TypicalNumber
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.published.patients import Patients
    from kinetics.published.target import RowInFit

__all__ = ["Count", "PercentOfBaseline", "Ratio", "TypicalCount", "TypicalPercent"]


class Count(AtTime):
    """An output at a time, as measured."""

    columns = Columns(("output", "time"), (), OF_PATIENTS)
    columns_in_fits = Columns(("output", "time"), (), FITTED)

    def own_unit(self) -> Any:
        """That of the output."""
        return self.output_unit

    def sample(self, patients: Patients) -> np.ndarray:
        """What is measured of each patient, (patient,)."""
        return patients.measured(self.output, self.moments)[:, 0]

    @classmethod
    def typical(cls, entry: RowInFit) -> TypicalNumber:
        """The output at the time."""
        return TypicalCount(entry.row.output, entry.time, entry.output(entry.row.output).unit)

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """One measurement, at least at the limit of quantification."""
        row, output = entry.row, entry.output(entry.row.output)
        noise, factor = entry.noise(row.output), entry.factor(output.unit)
        return CountProbe(row.output, entry.time, None, factor, noise, (output.quantification or 0.0) * factor)


class Ratio(Count):
    """An output over another at the same time, each as measured."""

    columns = Columns(("output", "over", "time"), (), OF_PATIENTS)
    columns_in_fits = Columns(("output", "over", "time"), (), FITTED)

    def own_unit(self) -> Any:
        """That of one output over that of the other."""
        return self.output_unit / self.arm.model.quantity(str(self.row.over)).unit

    def sample(self, patients: Patients) -> np.ndarray:
        """The ratio of what is measured of each patient, (patient,)."""
        return super().sample(patients) / patients.measured(str(self.row.over), self.moments)[:, 0]

    @classmethod
    def typical(cls, entry: RowInFit) -> TypicalNumber:
        """Refused."""
        raise InputError("a ratio of outputs needs a population; give the fit a table [population]")

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """Two measurements at one time."""
        return _quotient(entry, str(entry.row.over), entry.time)


class PercentOfBaseline(Count):
    """An output at a time over its value before treatment, each as measured."""

    def own_unit(self) -> Any:
        """A share, whatever the unit of the row."""
        return parse_unit("1")

    def sample(self, patients: Patients) -> np.ndarray:
        """The share of what was measured before treatment, (patient,)."""
        return super().sample(patients) / patients.measured(self.output, np.zeros(1))[:, 0]

    @classmethod
    def typical(cls, entry: RowInFit) -> TypicalNumber:
        """The percentage."""
        name = entry.row.output
        entry.output(name)
        if not (rest := entry.baseline_of(name)) > 0:
            raise InputError(f"{name} is {rest:g} before treatment, so nothing is a percentage of it")
        return TypicalPercent(name, entry.time)

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """A measurement at the time and one before treatment."""
        return _quotient(entry, entry.row.output, 0.0)


def _quotient(entry: RowInFit, other: str, at: float) -> CountProbe:
    """A measurement over another, each with noise of its own."""
    name = entry.row.output
    noise = math.hypot(entry.noise(name), entry.noise(other))
    factor = entry.factor(entry.output(name).unit / entry.output(other).unit)
    return CountProbe(name, entry.time, (other, at), factor, noise, 0.0)


@dataclass(frozen=True)
class TypicalCount:
    """The output at ``time`` (in the model's time), in its unit."""

    output: str
    time: float
    unit: Any = None

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.time

    def value(self, trajectory: Trajectory, until: float) -> float:
        """The output at the time."""
        return float(trajectory.outputs(np.array([self.time]))[0, trajectory.system.outputs.index(self.output)])

    def with_gradient(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The same with its derivatives by the chosen parameters, (parameter,)."""
        index = trajectory.system.outputs.index(self.output)
        return self.value(trajectory, until), trajectory.output_gradient(np.array([self.time]))[0, index]


@dataclass(frozen=True)
class TypicalPercent:
    """100 times the output at ``time`` over its value before treatment."""

    output: str
    time: float

    @property
    def unit(self) -> Any:
        """Percent."""
        return parse_unit("percent")

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.time

    def value(self, trajectory: Trajectory, until: float) -> float:
        """The percentage."""
        then, before = (TypicalCount(self.output, time).value(trajectory, until) for time in (self.time, 0.0))
        return 100 * then / before

    def with_gradient(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The same with its derivatives by the chosen parameters, (parameter,)."""
        (then, by_then), (before, by_before) = (
            TypicalCount(self.output, time).with_gradient(trajectory, until) for time in (self.time, 0.0)
        )
        ratio = then / before
        return 100 * ratio, 100 * (by_then - ratio * by_before) / before
