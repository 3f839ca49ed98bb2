"""A future trial: what the mean, the median and the share below the limit of a number of new patients will be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.model.quantities import Output
from kinetics.observation.observing import measured
from kinetics.prediction.population import Population

TRIALS = 5
"""Future trials of each draw of the parameters."""
STATISTICS = ("mean", "median", "share_below")
STREAM = int.from_bytes(b"study", "big")
"""Sets these draws apart from those of parameters and patients."""


@dataclass(frozen=True, eq=False)
class FutureTrial:
    r"""Future trials, each of new patients.

    A trial samples its patients from the population of one draw of the parameters, with replacement, so that no further
    patient is integrated: given the draw, the variance of its mean is that of the population over the number of
    patients. Over draws it is that plus the variance of the population's mean. Each value is measured as the model
    declares (`kinetics.observation.observing.measured`). The noise of a patient is drawn once: what is returned is of
    one time and one output at a time, where noise that differs between visits gives the same numbers.

    Parameters
    ----------
    patients : int
        Of a trial.
    outputs : sequence of Output
        The outputs of the model, in order.
    limits : mapping of str to float
        Lower limits of normal, in the unit of the output, of those that have one.
    """

    patients: int
    outputs: Sequence[Output]
    limits: Mapping[str, float]

    def statistics(self, population: Population, seed: int, draw: int) -> np.ndarray:
        """Statistics of `TRIALS` trials of one population, (trial, statistic, time, output).

        NaN for the share of an output without a limit, and everywhere if the population has no patients. The first
        quantities of the population are the outputs.
        """
        _, times, _ = population.values.shape
        numbers = np.full((TRIALS, len(STATISTICS), times, len(self.outputs)), np.nan)
        if not len(population.values):
            return numbers
        generator = np.random.default_rng(np.random.SeedSequence((seed, draw), spawn_key=(STREAM,)))
        for trial in numbers:
            sample = generator.integers(len(population.values), size=self.patients)
            noise = generator.standard_normal((len(self.outputs), self.patients, 1))
            for index, output in enumerate(self.outputs):
                values = measured(output, population.values[sample, :, index], noise[index])
                trial[0, :, index] = values.mean(axis=0)
                trial[1, :, index] = np.median(values, axis=0)
                if output.name in self.limits:
                    trial[2, :, index] = (values < self.limits[output.name]).mean(axis=0)
        return numbers
