"""Counts of a future trial: mean, standard deviation, median, and share below the limit of a number of new patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from kinetics.model.quantities import Output
from kinetics.observation.observing import measured

TRIALS = 5
"""Future trials of each draw of the parameters."""
MOMENTS = ("mean", "sd", "median")
TINY = 1e-300
"""A true value counts as at least this, so that its logarithm is finite."""
STREAM = int.from_bytes(b"study", "big")
"""Sets these draws apart from those of parameters and patients."""


@dataclass(frozen=True, eq=False)
class TrialCounts:
    """Counts of future trials, each of new patients.

    A trial samples its patients from the population of one draw of the parameters, with replacement, so that no further
    patient is integrated: given the draw, the variance of its mean is that of the population over the number of
    patients. Over draws it is that plus the variance of the population's mean. Each value is measured as the model
    declares (`kinetics.observation.observing.measured`). The noise of a patient is drawn once: what is returned is of
    one time and one output at a time, where noise that differs between visits gives the same numbers. Shares below a
    limit are binomial.

    Parameters
    ----------
    patients : int
        Of a trial.
    outputs : sequence of Output
        The outputs of the model, in order; they are the first quantities of a population.
    limits : mapping of str to float
        Lower limits of normal, in the unit of the output, of those that have one.
    """

    patients: int
    outputs: Sequence[Output]
    limits: Mapping[str, float]

    def of_population(self, values: np.ndarray) -> np.ndarray:
        """`MOMENTS` of all patients, (statistic, time, output), from true values, (patient, time, quantity)."""
        numbers = np.full((len(MOMENTS), values.shape[1], len(self.outputs)), np.nan)
        return _moments(values[:, :, : len(self.outputs)]) if len(values) else numbers

    def of_trials(self, values: np.ndarray, seed: int, draw: int) -> np.ndarray:
        """`MOMENTS` of `TRIALS` trials of one population, (trial, statistic, time, output), from true values."""
        numbers = np.full((TRIALS, len(MOMENTS), values.shape[1], len(self.outputs)), np.nan)
        if not len(values):
            return numbers
        generator = np.random.default_rng(np.random.SeedSequence((seed, draw), spawn_key=(STREAM,)))
        for trial in numbers:
            sample = generator.integers(len(values), size=self.patients)
            noise = generator.standard_normal((len(self.outputs), self.patients, 1))
            for index, output in enumerate(self.outputs):
                trial[..., index] = _moments(measured(output, values[sample, :, index], noise[index]))
        return numbers

    def below(self, values: np.ndarray) -> np.ndarray:
        """The share of a population that measurements show below the limit, (time, output); NaN without a limit."""
        shares = np.full((values.shape[1], len(self.outputs)), np.nan)
        if len(values):
            for index, output in enumerate(self.outputs):
                if (limit := self.limits.get(output.name)) is not None:
                    shares[:, index] = _below(values[:, :, index], output, limit).mean(axis=0)
        return shares

    def shares_of_trials(self, below: np.ndarray, seed: int, draw: int) -> np.ndarray:
        """Of `TRIALS` trials of a population with such shares, (trial, time, output)."""
        generator = np.random.default_rng(np.random.SeedSequence((seed, draw, 1), spawn_key=(STREAM,)))
        counts = generator.binomial(self.patients, np.nan_to_num(below), size=(TRIALS, *below.shape))
        return np.where(np.isnan(below), np.nan, counts / self.patients)


def _moments(values: np.ndarray) -> np.ndarray:
    """`MOMENTS` of values, (patient, ...), as (statistic, ...)."""
    sd = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)
    return np.stack([values.mean(axis=0), sd, np.median(values, axis=0)])


def _below(values: np.ndarray, output: Output, limit: float) -> np.ndarray:
    """The probability that a report of each true value is below a limit, same shape: what rounds to it is not."""
    level = limit - 0.5 * (output.rounding or 0.0)
    if level <= (output.quantification or 0.0):
        return np.zeros(values.shape)
    if not output.noise:
        return (values < level).astype(float)
    return ndtr((np.log(level) - np.log(np.maximum(values, TINY))) / output.noise)
