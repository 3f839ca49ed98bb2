"""An output at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.trajectory import Trajectory

__all__ = ["Count", "PercentOfBaseline"]


@dataclass(frozen=True)
class Count:
    """The output at ``time`` (in the model's time), in the output's unit."""

    output: str
    time: float

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
class PercentOfBaseline:
    """100 times the output at ``time`` over its value before treatment."""

    output: str
    time: float

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.time

    def value(self, trajectory: Trajectory, until: float) -> float:
        """The percentage."""
        then, before = (Count(self.output, time).value(trajectory, until) for time in (self.time, 0.0))
        return 100 * then / before

    def with_gradient(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The same with its derivatives by the chosen parameters, (parameter,)."""
        (then, by_then), (before, by_before) = (
            Count(self.output, time).with_gradient(trajectory, until) for time in (self.time, 0.0)
        )
        ratio = then / before
        return 100 * ratio, 100 * (by_then - ratio * by_before) / before
