"""The time to a threshold after the first course, of the typical patient, and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.measures import Measure, TimeOfNadir, TimeOfOvershoot, TimeToThreshold, evaluate, read_level
from kinetics.published.kinds.count import TypicalCount
from kinetics.units import Unit
from kinetics.units.levels import slack

LOWEST = 1e-6
"""The highest count counts as at least this share of the level, so that a stand-in is finite."""

EARLIEST = 1e-6
"""A stand-in for no recovery time at all, as a share of the window: before any crossing that is resolved."""


@dataclass(frozen=True, eq=False)
class TypicalRecovery:
    r"""Time from the first dose to the first upward crossing of a level after the nadir, before the next course.

    ``starts``, (course,), and ``limit``, the longest simulation, are in the model's time.

    Notes
    -----
    With level :math:`L` and a window of length :math:`T`, a search is given :math:`T L / y` in place of infinity, where
    :math:`y` is the highest value after the nadir: a straight line from zero through :math:`(T, y)` reaches :math:`L`
    then. It is later than any crossing in the window, meets the crossing at its end, and falls as the output comes
    closer. In place of NaN it is given :math:`10^{-6} T L / y`, where :math:`y` is the nadir: earlier than any
    crossing, and it rises as the nadir comes down to the level. An output that comes to the level only in the limit has
    a stand-in without derivatives: its row tells nothing.
    """

    measure: TimeToThreshold
    starts: np.ndarray
    limit: float
    output_unit: Unit
    unit: Unit

    @property
    def output(self) -> str:
        """The output it is taken of."""
        return self.measure.output

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return self.limit

    def value(self, trajectory: Trajectory, until: float) -> float:
        """The time, in the model's; infinite if the level is not reached again, NaN if the output is never below it."""
        return self._first(self.measure, trajectory, until)

    def with_gradient(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """The time, or its finite stand-in, and its derivatives by the chosen parameters, (parameter,)."""
        time = self.value(trajectory, until)
        if not np.isfinite(time):
            return self._stand_in(trajectory, until, never_below=bool(np.isnan(time)))
        _, by_level = self._level(trajectory, until)
        return time, trajectory.crossing_gradient(self.output, time + float(self.starts[0]), by_level)

    def _first(self, measure: Measure, trajectory: Trajectory, until: float) -> float:
        curve = trajectory.curve(self.output)
        return float(evaluate(measure, curve, self.starts[:1], self._end(until), self.output_unit, self.unit)[0])

    def _end(self, until: float) -> float:
        """Where the window of the first course ends."""
        return float(min([until, *self.starts[1:2]]))

    def _level(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        level = read_level(self.measure.level)
        if level.unit is not None:
            return level.value(self.output_unit, np.nan), np.zeros(trajectory.by_parameter.shape[1])
        baseline, gradient = TypicalCount(self.output, 0.0).with_gradient(trajectory, until)
        return level.number * baseline, level.number * gradient

    def _stand_in(
        self, trajectory: SensitiveTrajectory, until: float, *, never_below: bool
    ) -> tuple[float, np.ndarray]:
        extreme = (TimeOfNadir if never_below else TimeOfOvershoot)(self.output)
        start = float(self.starts[0])
        at = start + self._first(extreme, trajectory, until)
        if not np.isfinite(at):
            raise IntegrationError(f"{self.output} is not finite in the window of the first course")
        value = TypicalCount(self.output, at).value(trajectory, until)
        by_value = trajectory.extreme_gradient(self.output, at)
        level, by_level = self._level(trajectory, until)
        if value < LOWEST * level:
            value, by_value = LOWEST * level, LOWEST * by_level
        if not never_below and value >= level * (1 - slack(trajectory.relative)):
            # it comes to the level in the limit, which is the same wherever the parameters are: nothing to lead back
            by_value, by_level = by_value * 0.0, by_level * 0.0
        length = self._end(until) - start
        time = (EARLIEST if never_below else 1.0) * length * level / value
        return time, time * (by_level / level - by_value / value)
