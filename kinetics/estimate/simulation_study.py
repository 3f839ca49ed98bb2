"""Simulation and estimation: studies drawn from known truth, summarised as papers do, refitted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kinetics.errors import InputError, IntegrationError
from kinetics.estimate.objective.population import PopulationObjective, studies_of
from kinetics.estimate.objective.virtual_patients import Arm
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search.scoring import maximise
from kinetics.estimate.uncertainty.covariance import uncertainty
from kinetics.files.arguments import loaded
from kinetics.population.seeds import checked_seed
from kinetics.population.variability import Variability
from kinetics.published import NORMAL_95, PopulationTarget

__all__ = ["Refit", "performance", "refit", "synthetic"]


@dataclass(frozen=True)
class Refit:
    """One synthetic study, refitted.

    Parameters
    ----------
    study : int
        Its number.
    log_estimates, log_se : tuple of float
        Logarithms of the estimates, and their standard errors.
    converged : bool
        Whether the search ended by its own criterion.
    seconds : float
        How long it took.
    failure : str
        Why there are no estimates; empty if there are.
    """

    study: int
    log_estimates: tuple[float, ...]
    log_se: tuple[float, ...]
    converged: bool
    seconds: float
    failure: str = ""


def synthetic(problem: FitProblem, truth: Mapping[str, float], seed: int, study: int) -> FitProblem:
    """The problem with the summaries of simulated patients in place of what was published.

    Parameters
    ----------
    problem : FitProblem
        With a population; its fitted rows say what is summarised, of how many patients.
    truth : mapping of str to float
        Values by flat name, spreads by flat name with ``.spread``, in the units of the model.
    seed, study : int
        Patients and noise depend on these two alone.

    Returns
    -------
    FitProblem
        Without rows that are only compared, and without medians that half of the patients never reach.
    """
    targets, seed = [], checked_seed(seed)
    for number, (arm, rows) in enumerate(PopulationObjective(problem).grouped(problem.fitted)):
        for part, same in enumerate(studies_of(rows)):
            key = np.random.SeedSequence((seed, study, number, part))
            targets += _summarised(problem, arm, same, truth, key)
    return replace(problem, targets=tuple(targets))


def _summarised(
    problem: FitProblem,
    arm: Arm,
    rows: Sequence[PopulationTarget],
    truth: Mapping[str, float],
    key: np.random.SeedSequence,
) -> list[PopulationTarget]:
    """The rows of one study of simulated patients."""
    sizes = [row.summary.n for row in rows if row.summary.n is not None]
    if not sizes:
        return list(rows)
    variability = Variability.of(arm.system, arm.cohort.with_estimates(truth))
    patients, noise = (int(number) for number in key.generate_state(2))
    drawn = replace(arm, deviates=variability.deviates(max(sizes), patients))
    generator = np.random.default_rng(noise)
    outputs = problem.model.outputs
    measured = drawn.view(truth).measured([outputs[name].noise or 0.0 for name in arm.outputs], generator)
    found = []
    for row in rows:
        sample = row.probe.sample(measured, generator)[: row.summary.n]
        summary = row.summary.of(sample)
        if np.isfinite(summary.evaluate(row.observed(drawn.view(truth))).error).all():
            found.append(replace(row, summary=summary))
    return found


def refit(problem: FitProblem | str | Path, truth: Mapping[str, float], seed: int, study: int) -> Refit:
    """Draw one synthetic study and fit it, from the problem's own start.

    Parameters
    ----------
    problem, truth, seed, study
        As in `synthetic`; of the problem also its name or path.

    Returns
    -------
    Refit

    Raises
    ------
    InputError
        If the problem has no population.
    """
    begun, problem = time.perf_counter(), loaded("problem", problem, FitProblem)
    if problem.population is None:
        raise InputError(f"fit '{problem.name}' is of the typical patient: it has no patients to draw")
    try:
        objective = PopulationObjective(synthetic(problem, truth, seed, study))
        found = maximise(objective, objective.start)
        log_se = uncertainty(objective, found.end).log_se
    except (IntegrationError, np.linalg.LinAlgError) as error:
        return Refit(study, (), (), False, time.perf_counter() - begun, str(error))
    seconds = time.perf_counter() - begun
    return Refit(study, tuple(found.end.tolist()), tuple(log_se.tolist()), found.converged, seconds)


def performance(problem: FitProblem, truth: Mapping[str, float], refits: Sequence[Refit]) -> list[dict[str, Any]]:
    """How well the truth is recovered, one row a free parameter.

    Returns
    -------
    list of dict
        ``name``, ``truth``, ``mean`` and ``median`` of the estimates in the model's unit, ``bias`` (of the mean,
        relative), ``bias_se`` (its Monte-Carlo error), ``scatter`` (standard deviation of the logarithms), ``log_se``
        (median of the standard errors), ``coverage`` (share of 95 % intervals that hold the truth), ``studies`` that
        have estimates.

    Raises
    ------
    InputError
        If there are fewer than two refits.
    """
    refits = [one for one in refits if not one.failure]
    if len(refits) < 2:
        raise InputError("bias and coverage need two studies with estimates at least")
    logs = np.array([one.log_estimates for one in refits])
    errors = np.array([one.log_se for one in refits])
    rows = []
    for column, free in enumerate(problem.free):
        true, own, error = truth[free.flat], logs[:, column], errors[:, column]
        ratios = np.exp(own) / true
        rows.append(
            {
                "name": free.name,
                "truth": true,
                "mean": float(true * ratios.mean()),
                "median": float(true * np.median(ratios)),
                "bias": float(ratios.mean() - 1),
                "bias_se": float(ratios.std(ddof=1) / np.sqrt(len(refits))),
                "scatter": float(own.std(ddof=1)),
                "log_se": float(np.median(error)),
                "coverage": float(np.mean(np.abs(own - np.log(true)) <= NORMAL_95 * error)),
                "studies": len(refits),
            }
        )
    return rows
