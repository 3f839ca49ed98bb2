"""Simulated patients of one arm: true values of outputs and states, and measurements of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.files.checksums import content_hash
from kinetics.model import Model
from kinetics.observation.observing import measured

MEASURED = 8
"""How often each virtual patient is measured, so that noise is averaged out of statistics."""


@dataclass(frozen=True, eq=False)
class Patients:
    """Outputs of patients over ``times``, (time,), in the model's time.

    ``values``, (patient, time, output), are true values of outputs and behind them of states; ``constants``, (patient,
    constant), are parameters, inputs and derived constants; both are in the model's units and order. ``triggered`` is
    what rules did, (patient, trigger), None without rules. ``seed`` is that of the noise. ``typical_patient`` is the
    one whose measurements have no noise; None for that patient itself.
    """

    model: Model
    times: np.ndarray
    values: np.ndarray
    constants: np.ndarray
    triggered: TriggeredDoses | None
    seed: int
    typical_patient: Patients | None = field(repr=False)

    @property
    def typical(self) -> Patients:
        """The typical patient alone."""
        return self if self.typical_patient is None else self.typical_patient

    def true(self, output: str, times: np.ndarray) -> np.ndarray:
        """True values of an output or state, (patient, time)."""
        column = [*self.model.outputs, *self.model.states].index(output)
        return self.values[:, np.searchsorted(self.times, times), column]

    def measured_once(self, output: str, time: float | None) -> np.ndarray:
        """What measurements at one time report, (measured patient,)."""
        return self.measured(output, np.array([time]))[:, 0]

    def measured(self, output: str, times: np.ndarray) -> np.ndarray:
        """What measurements report, (measured patient, time): of each patient `MEASURED` times over.

        The noise of an output at a time depends on the seed, that output and that time alone: further facts leave the
        numbers of others as they are. Its normal deviates are the midpoints of equal shares of the distribution, in
        random order.
        """
        row, true = self.model.outputs.get(output), self.true(output, times)
        repeated = true if self.typical_patient is None else np.tile(true, (MEASURED, 1))
        if row is None:  # nobody measures a state
            return repeated
        if self.typical_patient is None or row.noise is None:
            return measured(row, repeated)
        normal = ndtri(_midpoints(len(repeated)))
        noise = np.stack([self._generator(output, f"{time:.9g}").permutation(normal) for time in times], axis=1)
        return measured(row, repeated, noise)

    def uniform(self, output: str) -> np.ndarray:
        """How much of the window of a visit has passed on its day, (measured patient,); half for the typical one."""
        if self.typical_patient is None:
            return np.full(len(self.values), 0.5)
        return self._generator(output, "day").permutation(_midpoints(MEASURED * len(self.values)))

    def _generator(self, output: str, of: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(content_hash(output, of)[:16], 16)])


def _midpoints(number: int) -> np.ndarray:
    """The midpoints of equal shares of the range from 0 to 1, (number,)."""
    return (np.arange(number) + 0.5) / number
