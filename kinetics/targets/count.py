"""An output at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory

__all__ = ["Count", "PercentOfBaseline"]


@dataclass(frozen=True)
class Count:
    """The output at ``time`` (in the model's time)."""

    output: str
    time: float

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.time

    def of(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """Value in the output's unit, and its derivatives by the chosen parameters, (parameter,)."""
        index, at = trajectory.system.outputs.index(self.output), np.array([self.time])
        return float(trajectory.outputs(at)[0, index]), trajectory.output_gradient(at)[0, index]


@dataclass(frozen=True)
class PercentOfBaseline:
    """100 times the output at ``time`` over its value before treatment."""

    output: str
    time: float

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.time

    def of(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """Value in percent, and its derivatives by the chosen parameters, (parameter,)."""
        baseline, baseline_gradient = Count(self.output, 0.0).of(trajectory, until)
        value, gradient = Count(self.output, self.time).of(trajectory, until)
        ratio = value / baseline
        return 100 * ratio, 100 * (gradient - ratio * baseline_gradient) / baseline
