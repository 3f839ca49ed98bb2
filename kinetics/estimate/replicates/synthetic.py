"""A synthetic replicate: the summaries of simulated patients in place of what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kinetics.estimate.objective.population import PopulationObjective, studies_of
from kinetics.estimate.objective.virtual_patients import VirtualPatients
from kinetics.estimate.problem.problem import FitProblem
from kinetics.population.seeds import checked_seed
from kinetics.population.variability import Variability
from kinetics.published import PopulationTarget


def synthetic(problem: FitProblem, truth: Mapping[str, float], seed: int, replicate: int) -> FitProblem:
    """The problem with the summaries of simulated patients in place of what was published.

    Its fitted rows say what is summarised, of how many patients; rows that are only compared are left out, and medians
    that half of the patients never reach. ``truth`` is by flat name, in the units of the model. Patients and noise
    depend on the seed and the number of the replicate alone.
    """
    targets, seed = [], checked_seed(seed)
    for number, (patients, rows) in enumerate(PopulationObjective(problem).arms(problem.fitted)):
        for part, same in enumerate(studies_of(rows)):
            key = np.random.SeedSequence((seed, replicate, number, part))
            targets += _summarised(problem, patients, same, truth, key)
    return replace(problem, targets=tuple(targets))


def _summarised(
    problem: FitProblem,
    patients: VirtualPatients,
    rows: Sequence[PopulationTarget],
    truth: Mapping[str, float],
    key: np.random.SeedSequence,
) -> list[PopulationTarget]:
    """The rows of one published study, of simulated patients."""
    sizes = [row.summary.n for row in rows if row.summary.n is not None]
    if not sizes:
        return list(rows)
    variability = Variability.of(patients.arm.system, patients.arm.cohort.with_estimates(truth))
    deviates, noise = (int(number) for number in key.generate_state(2))
    drawn = replace(patients, deviates=variability.deviates(max(sizes), deviates)).simulate(truth)
    generator = np.random.default_rng(noise)
    outputs = problem.model.outputs
    measured = drawn.measured([outputs[name].noise or 0.0 for name in patients.outputs], generator)
    summarised = []
    for row in rows:
        sample = row.probe.sample(measured, generator)[: row.summary.n]
        summary = row.summary.of(sample)
        if np.isfinite(summary.evaluate(row.observed(drawn)).error).all():
            summarised.append(replace(row, summary=summary))
    return summarised
