"""Time to a threshold after the first course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.errors import InputError
from kinetics.measures import TimeToThreshold, evaluate, read_level
from kinetics.regimen import Regimen, course_starts
from kinetics.targets.count import Count

__all__ = ["Recovery"]


@dataclass(frozen=True, eq=False)
class Recovery:
    """Time from the first dose to the first upward crossing of a level after the nadir, in the window before the next course.

    Parameters
    ----------
    measure : TimeToThreshold
        Output and level.
    starts : ndarray, (course,)
        When courses start, in the model's time.
    limit : float
        How long a simulation looks for the crossing.
    unit, time : pint.Unit
        Of the output and of the model's time.
    """

    measure: TimeToThreshold
    starts: np.ndarray
    limit: float
    unit: Any
    time: Any

    @classmethod
    def checked(
        cls, measure: TimeToThreshold, unit: Any, rest: float, regimen: Regimen, time: Any, limit: float
    ) -> Recovery:
        """Check the level against the output's unit and value at rest.

        Raises
        ------
        InputError
            If the level is of another dimension, or not below the value at rest.
        """
        measure.check(unit, time)
        level = measure.threshold(unit, rest)
        if read_level(measure.level).unit is not None and not level < rest:
            raise InputError(f"{measure.output} at rest, {rest:g}, is already below the threshold {measure.level}")
        if not regimen.courses:
            raise InputError("a time to a threshold needs a regimen with a course")
        return cls(measure, course_starts(regimen, time), limit, unit, time)

    @property
    def output(self) -> str:
        """The output it is taken of."""
        return self.measure.output

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.limit

    def of(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """Time and its derivatives by the chosen parameters, (parameter,), by implicit differentiation.

        Infinite, with zero derivatives, if the level is not reached again; NaN if the output never fell below it.
        """
        curve = trajectory.curve(self.output)
        time = float(evaluate(self.measure, curve, self.starts, until, self.unit, self.time)[0])
        none = np.zeros(trajectory.by_parameter.shape[1])
        if not np.isfinite(time):
            return time, none
        at = time + float(self.starts[0])
        gradient = trajectory.crossing_gradient(self.output, at)
        share = read_level(self.measure.level)
        if share.unit is None:
            slope = trajectory.output_slope(np.array([at]))[0, trajectory.system.outputs.index(self.output)]
            gradient = gradient + share.number * Count(self.output, 0.0).of(trajectory, until)[1] / slope
        return time, gradient
