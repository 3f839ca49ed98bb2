"""A clinic's problem as a mixed effects model, with the values that its search starts from and its prior."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System
from kinetics.mixed_effects import MixedEffectsModel, PopulationPrior, PopulationValues
from kinetics.patients.clinic.problem.clinic_problem import ClinicProblem
from kinetics.patients.population.random_effects import variances_of
from kinetics.patients.population.treated_patients import TreatedPatients


@dataclass(frozen=True, eq=False)
class Clinic:
    """The patients of a clinic as a mixed effects model. Make it with `of`.

    Parameters
    ----------
    problem : ClinicProblem
        What it is of.
    treated : TreatedPatients
        Counts and doses, with the compiled model.
    model : MixedEffectsModel
        The statistical model; an individual is a patient.
    start : PopulationValues
        Where the search begins.
    """

    problem: ClinicProblem
    treated: TreatedPatients
    model: MixedEffectsModel
    start: PopulationValues

    @classmethod
    def of(cls, problem: ClinicProblem) -> Clinic:
        """That of a problem; an `InputError` for a dose that means nothing."""
        chosen, levels = problem.data.select(*problem.patients), (problem.occasions, problem.between_occasions)
        treated = TreatedPatients.of(chosen, problem.model, *levels)
        observations = treated.observations
        order = [problem.patients.index(id) for id in observations.ids]
        model = MixedEffectsModel.of(
            treated.predictions(problem.cohort, [one.flat for one in problem.parameters]),
            observations,
            [problem.individual(one) for one in problem.parameters],
            residual=problem.errors.kinds,
            between_individuals=problem.blocks,
            between_occasions=problem.occasion_blocks,
            covariates={effect.name: effect.values[order] for effect in problem.covariates},
            held=problem.hold,
        )
        start = model.values(
            {one.flat: one.start for one in problem.parameters},
            variances=variances_of(
                problem.blocks, {one.flat: one.spread for one in problem.parameters}, problem.cohort
            ),
            occasion_variances={one.flat: one.occasion_spread**2 for one in problem.parameters if one.occasion_spread},
            residual=problem.errors.values,
            coefficients={f"{flat}:{one.name}": one.start for one in problem.covariates for flat in one.parameters},
        )
        return cls(problem, treated, replace(model, prior=_prior(problem, model)), start)

    @property
    def system(self) -> System:
        """The compiled model."""
        return self.treated.system


def _prior(problem: ClinicProblem, model: MixedEffectsModel) -> PopulationPrior | None:
    """The cohort's population, as if so many of its patients were known exactly."""
    if problem.prior is None:
        return None
    cohort: CohortParameters = problem.cohort
    center = model.values(
        {one.flat: cohort.values[one.flat] for one in problem.parameters},
        variances=variances_of(problem.blocks, cohort.spreads, cohort),
        occasion_variances=dict.fromkeys(problem.between_occasions, 1.0),  # which have no prior
        residual=problem.errors.values,
    )
    names = model.coordinates.individuals.names
    rows = [model.parameters.fixed.index(name) for name in names]
    precision = np.zeros((len(center.fixed),) * 2)
    precision[np.ix_(rows, rows)] = problem.prior * np.linalg.inv(center.individuals)
    return PopulationPrior(center.fixed, precision, center.individuals, problem.prior)
