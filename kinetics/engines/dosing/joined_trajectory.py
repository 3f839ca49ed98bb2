"""Trajectories of episodes that follow each other, read as one: constants change from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kinetics.engines.trajectory import OutputCurve, Trajectory


@dataclass(frozen=True, eq=False)
class JoinedTrajectory:
    """The states of one patient at any time.

    Parameters
    ----------
    parts : sequence of Trajectory
        One an episode; times of each count from its begin.
    begin : ndarray, (episode,)
        Of the episodes, in the model's time.
    """

    parts: Sequence[Trajectory]
    begin: np.ndarray
    triggered_doses = None
    # measures of several outputs sample the same times
    _latest: dict[bytes, np.ndarray] = field(default_factory=dict[bytes, np.ndarray], init=False, repr=False)

    @property
    def relative(self) -> float:
        """Relative tolerance of the integration."""
        return self.parts[0].relative

    @property
    def knots(self) -> np.ndarray:
        """The integrator's own steps, increasing, in the model's time."""
        return np.unique(
            np.concatenate([part.knots + begin for part, begin in zip(self.parts, self.begin, strict=True)])
        )

    def outputs(self, times: np.ndarray) -> np.ndarray:
        """Outputs, (time, output), in the units of the model; at the begin of an episode, those before it."""
        key = np.asarray(times, dtype=float).tobytes()
        if key not in self._latest:
            self._latest.clear()
            self._latest[key] = self._read([part.outputs for part in self.parts], times)
        return self._latest[key]

    def states(self, times: np.ndarray) -> np.ndarray:
        """States, (time, state), in the units of the model; at the begin of an episode, those before it."""
        return self._read([part.states for part in self.parts], times)

    def at_rest(self, name: str) -> float:
        """An output or state at the model's own start, before any drug, with the constants of the first episode."""
        return self.parts[0].at_rest(name)

    def curve(self, name: str) -> OutputCurve:
        """An output or state as a function of time."""
        return OutputCurve(self, *self.parts[0].system.row(name))

    def _read(self, parts: Sequence[Callable[[np.ndarray], np.ndarray]], times: np.ndarray) -> np.ndarray:
        """What the episode of each time gives, (time, ...)."""
        episodes = np.maximum(np.searchsorted(self.begin, times, side="left") - 1, 0)
        order = np.argsort(episodes, kind="stable")
        tables: list[np.ndarray] = []
        for number in np.unique(episodes).tolist():
            own = times[order[episodes[order] == number]]
            tables.append(parts[number](np.maximum(own - self.begin[number], 0.0)))
        result = np.concatenate(tables)
        result[order] = result.copy()
        return result
