"""The dense solution of a recorded integration: what `scipy.integrate.OdeSolution` is for SciPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    tangent : ndarray, (step, 5, block, state, lane), optional
        The same of the sensitivities, as the kernel lays them out.
    parameters : int
        How many lanes are in use.
    """

    ts: np.ndarray
    values: np.ndarray
    tangent: np.ndarray | None = None
    parameters: int = 0

    @property
    def t_max(self) -> float:
        """The end."""
        return float(self.ts[-1])

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """States, then the sensitivities to each parameter in turn, (component, time); at an edge the value before."""
        step = np.clip(np.searchsorted(self.ts * (1 + _ROUNDING), times, side="left") - 1, 0, len(self.values) - 1)
        theta = np.minimum((times - self.ts[step]) / (self.ts[step + 1] - self.ts[step]), 1.0)
        states = _between(self.values[step], theta)
        if self.tangent is None:
            return states.T
        lanes = _between(self.tangent[step], theta)
        columns = np.moveaxis(lanes, 3, 2).reshape(len(times), -1, self.values.shape[2])[:, : self.parameters]
        return np.concatenate([states, columns.reshape(len(times), -1)], axis=1).T


def _between(steps: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Dense output at a fraction of each step, (time, ...)."""
    theta = theta.reshape(-1, *(1,) * (steps.ndim - 2))
    left, right, first, second, third = np.moveaxis(steps, 1, 0)
    rest = 1.0 - theta
    return rest * left + theta * (right + rest * (first + theta * (second + theta * third)))
