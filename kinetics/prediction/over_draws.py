"""The populations of all draws: percentiles of counts, recovery, future trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.errors import warn
from kinetics.files.arguments import Progress
from kinetics.prediction.population import PATIENTS, Population, populations
from kinetics.prediction.trial import FutureTrial
from kinetics.simulation.runs import Run

PERCENTILES = (0.05, 0.5, 0.95)
"""Quantiles over patients whose own uncertainty is given."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Numbers of each draw; NaN for a draw none of whose patients could be integrated."""

    counts: np.ndarray
    """(draw, patient_quantile, time, quantity): `PERCENTILES` over patients, in the units of the model."""
    recovery: np.ndarray
    """(draw, number, output, course): of `Population.recovered`."""
    trials: np.ndarray | None
    """(draw, trial, statistic, time, output): of `FutureTrial.statistics`, if one is predicted."""


def over_draws(
    run: Run,
    at_estimates: Population,
    typical: CohortParameters,
    cohorts: Sequence[CohortParameters],
    seed: int,
    *,
    trial: FutureTrial | None = None,
    progress: Progress | None = None,
) -> Drawn:
    """Integrate the populations of all draws and summarise each.

    Percentiles of a few patients err, and all draws err alike because they have the same patients. So each is scaled by
    the ratio of the percentile of many patients at the estimates to that of the few at the estimates.

    Parameters
    ----------
    run : Run
        What all share; its measures are times to a threshold.
    at_estimates : Population
        Many patients at the estimates, which are ``typical``; ``cohorts`` are those of each draw.
    trial : FutureTrial, optional
        Of which statistics are predicted.
    progress : callable, optional
        Called with (patients done, all).

    Warns
    -----
    UserWarning
        If patients could not be integrated.
    """
    counts, recovery, trials, failed = [], [], [], 0
    for number, population in enumerate(populations(run, [typical, *cohorts], seed, progress=progress)):
        counts.append(population.quantiles(PERCENTILES))
        failed += population.failed
        if number == 0:
            continue
        recovery.append(population.recovered())
        if trial is not None:
            trials.append(trial.statistics(population, seed, number - 1))
    if failed:
        number = f"{failed} of {PATIENTS * (1 + len(cohorts))} patients"
        message = f"{number} of the populations of draws could not be integrated; they are left out"
        warn(message)
    few, *drawn = counts
    many = at_estimates.quantiles(PERCENTILES) if len(at_estimates.values) > PATIENTS else few
    return Drawn(_scaled(np.array(drawn), few, many), np.array(recovery), np.array(trials) if trials else None)


def _scaled(drawn: np.ndarray, few: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Percentiles of draws, (draw, ...), by the ratio of many to few; by their difference where there is no ratio."""
    positive = few * many > 0
    ratio = np.divide(many, few, out=np.ones_like(few), where=positive)
    return drawn * ratio + np.where(positive, 0.0, many - few)
