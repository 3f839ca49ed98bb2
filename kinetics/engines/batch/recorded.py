"""The dense solution of a recorded integration: what `scipy.integrate.OdeSolution` is for SciPy."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from kinetics.compile import LANES
from kinetics.engines.batch.kernels.problems import Patient, Record, Tangent
from kinetics.engines.batch.kernels.tangent import differentiate_within
from kinetics.engines.batch.kernels.workspaces import Step
from kinetics.engines.batch.work import addressed

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Recorded:
    """Steps with their dense output.

    Parameters
    ----------
    ts : ndarray, (step + 1,)
        Ends of the steps, from 0.
    values : ndarray, (step, 5, state)
        Left and right value of each step, and the three vectors of its dense output.
    """

    ts: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, record: Record) -> Recorded:
        """What compiled code has recorded."""
        count = int(record.size[0])
        # a copy, so that the room for further steps is given back
        return cls(np.concatenate([[0.0], record.ends[:count]]), record.values[:count].copy())

    @property
    def t_max(self) -> float:
        """The end."""
        return float(self.ts[-1])

    def locate(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of the steps that times lie in, and the fractions of these; at an edge of the step before it."""
        step = np.clip(np.searchsorted(self.ts * (1 + _ROUNDING), times, side="left") - 1, 0, len(self.values) - 1)
        return step, np.minimum((times - self.ts[step]) / (self.ts[step + 1] - self.ts[step]), 1.0)

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """States, (state, time)."""
        step, theta = self.locate(times)
        left, right, first, second, third = self.values[step].transpose(1, 2, 0)
        rest = 1.0 - theta
        return rest * left + theta * (right + rest * (first + theta * (second + theta * third)))


@dataclass(frozen=True, eq=False)
class RecordedTangent:
    """Steps with sensitivities, which are recorded where a step begins: where they are asked for it is taken again.

    Five times as much would have to be recorded otherwise, for which the memory alone takes as long as a plain solve.

    Parameters
    ----------
    states : Recorded
        The steps without sensitivities.
    patient : Patient
        Who was integrated, with the record of ``states``.
    step : Step
        The work arrays of the integration, which hold the patient's constants and coefficients.
    tangent : Tangent
        The record of the sensitivities, and work arrays.
    parameters : int
        How many lanes are in use.
    """

    states: Recorded
    patient: Patient
    step: Step
    tangent: Tangent
    parameters: int
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @property
    def ts(self) -> np.ndarray:
        """Ends of the steps, from 0, (step + 1,)."""
        return self.states.ts

    @property
    def t_max(self) -> float:
        """The end."""
        return self.states.t_max

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """States, then the sensitivities to each parameter in turn, (component, time); at an edge the value before."""
        step, theta = self.states.locate(times)
        lengths = self.ts[step + 1] - self.ts[step]
        # a segment ends with a step that ends exactly there
        segments = np.searchsorted(self.patient.schedule.edges, self.ts[step + 1]) - 1
        lanes = np.empty((len(times), *self.tangent.sensitivities.shape))
        arguments = (self.tangent, step, lengths, segments, theta, lanes)
        with self._lock:
            differentiate_within(addressed(self.patient), *arguments, addressed(self.step))
        states = self.states.values.shape[2]
        split = np.moveaxis(lanes.reshape(len(times), -1, states, LANES), 3, 2)  # (time, block, lane, state)
        columns = split.reshape(len(times), -1, states)[:, : self.parameters]
        return np.concatenate([self.states(times), columns.reshape(len(times), -1).T])
