"""The populations of all draws: percentiles of counts, recovery, future trials; each with its Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.errors import warn
from kinetics.files.arguments import Progress
from kinetics.prediction.correction import by_odds, by_ratio
from kinetics.prediction.monte_carlo import error_of_patients
from kinetics.prediction.population import PATIENTS, Population, populations
from kinetics.prediction.trial import FutureTrial
from kinetics.simulation.runs import Run

PERCENTILES = (0.05, 0.5, 0.95)
"""Quantiles over patients whose own uncertainty is given."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers of every draw, or of every trial of every draw, (draw, ...), and their error by patients, (...).

    NaN for a draw none of whose patients could be integrated.
    """

    drawn: np.ndarray
    of_patients: np.ndarray


@dataclass(frozen=True, eq=False)
class Drawn:
    """Numbers of ``draws`` draws, in the units of the model."""

    draws: int
    counts: Numbers
    """(draw, patient_quantile, time, quantity): `PERCENTILES` over patients."""
    recovery: Numbers
    """(draw, number, output, course): of `Population.recovered`."""
    trials: dict[str, Numbers]
    """Of `FutureTrial`, the first axis of draws times trials: ``moments``, (..., statistic, time, output); ``below``,
    (..., time, output); ``back``, (..., output, time); ``times``, (..., statistic, output, course). Empty if no trial
    is predicted."""


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

    Numbers of a few patients err, and all draws err alike because they have the same patients. So each is corrected by
    what many patients at the estimates differ from the few at the estimates (`kinetics.prediction.correction`): a
    number at the estimates and its interval are of one population.

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
    summaries, sampled, failed = list[_Summary](), list[np.ndarray](), 0
    for number, population in enumerate(populations(run, [typical, *cohorts], seed, progress=progress)):
        summaries.append(_Summary.of(population, trial))
        failed += population.failed
        if trial is not None and number > 0:
            sampled.append(trial.counts.of_trials(population.values, seed, number - 1))
    if failed:
        number = f"{failed} of {PATIENTS * (1 + len(cohorts))} patients"
        message = f"{number} of the populations of draws could not be integrated; they are left out"
        warn(message)
    few, *drawn = summaries
    many, error = _Summary.of(at_estimates, trial), _errors(at_estimates, trial)
    counts = by_ratio(np.array([one.counts for one in drawn]), few.counts, many.counts)
    recovery, sizes = np.array([one.recovery for one in drawn]), (few.patients, many.patients)
    recovery[:, 0] = by_ratio(recovery[:, 0], few.recovery[0], many.recovery[0])
    recovery[:, 1:] = by_odds(recovery[:, 1:], few.recovery[1:], many.recovery[1:], sizes)
    trials = {} if trial is None else _trials(trial, np.array(sampled), summaries, many, error, seed)
    return Drawn(len(cohorts), Numbers(counts, error.counts), Numbers(recovery, error.recovery), trials)


def _trials(
    trial: FutureTrial, moments: np.ndarray, summaries: Sequence[_Summary], many: _Summary, error: _Summary, seed: int
) -> dict[str, Numbers]:
    """`Drawn.trials`, from moments of trials, (draw, trial, ...), and the populations at the estimates and of draws."""
    few, *drawn = summaries
    sizes = few.patients, many.patients
    below = by_odds(np.array([one.below for one in drawn]), few.below, many.below, sizes)
    back = by_odds(np.array([one.back for one in drawn]), few.back, many.back, sizes)
    of_below = np.array([trial.counts.shares_of_trials(one, seed, number) for number, one in enumerate(below)])
    studies = [trial.recovery.of_trials(one, seed, number) for number, one in enumerate(back)]
    times, of_back = (np.array(each) for each in zip(*studies, strict=True))
    return {
        "moments": Numbers(_studies(by_ratio(moments, few.moments, many.moments)), error.moments),
        "below": Numbers(_studies(of_below), error.below),
        "back": Numbers(_studies(of_back), error.back),
        # times follow from the shares back, whose error by patients is there
        "times": Numbers(_studies(times), np.zeros(times.shape[2:])),
    }


@dataclass(frozen=True, eq=False)
class _Summary:
    """Numbers of one population, and how many patients it has; those of trials are empty without one."""

    patients: int
    counts: np.ndarray
    recovery: np.ndarray
    moments: np.ndarray
    below: np.ndarray
    back: np.ndarray

    @classmethod
    def of(cls, population: Population, trial: FutureTrial | None) -> _Summary:
        nothing, values = np.empty(0), population.values
        return cls(
            len(values),
            population.quantiles(PERCENTILES),
            population.recovered(),
            nothing if trial is None else trial.counts.of_population(values),
            nothing if trial is None else trial.counts.below(values),
            nothing if trial is None else trial.recovery.back(values),
        )


def _errors(population: Population, trial: FutureTrial | None) -> _Summary:
    """The standard error of each number of a population by its patients."""
    parts = [_Summary.of(part, trial) for part in population.parts()]
    names = ("counts", "recovery", "moments", "below", "back")
    errors = (error_of_patients([getattr(part, name) for part in parts]) for name in names)
    return _Summary(len(population.values), *errors)


def _studies(numbers: np.ndarray) -> np.ndarray:
    """Draws and trials as one axis, which is the first."""
    return numbers.reshape(-1, *numbers.shape[2:])
