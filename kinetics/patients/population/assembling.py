"""Patients of a cohort as a mixed effects model: their counts, their doses, and how the cohort says they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System, compile_model
from kinetics.mixed_effects import MixedEffectsModel, PopulationValues
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.population.observed import observed
from kinetics.patients.population.predictions import ModelPredictions
from kinetics.patients.population.random_effects import CohortRandomEffects
from kinetics.patients.population.residual_errors import measurement_errors
from kinetics.patients.population.treatment import treatment_of
from kinetics.regimen import Regimen, segments


@dataclass(frozen=True, eq=False)
class PatientsOfCohort:
    """Patients under the population of a cohort. Make it with `of`.

    Parameters
    ----------
    system : System
        The compiled model.
    cohort : CohortParameters
        The population.
    treatments : dict of str to Regimen
        What each patient was given, by id.
    model : MixedEffectsModel
        Their counts under the model; an individual is a patient.
    values : PopulationValues
        Those of the cohort.
    """

    system: System
    cohort: CohortParameters
    treatments: Mapping[str, Regimen]
    model: MixedEffectsModel
    values: PopulationValues

    @classmethod
    def of(
        cls,
        data: PatientData,
        patients: Sequence[str],
        model: Model,
        cohort: CohortParameters,
        errors: Mapping[str, str] | None = None,
    ) -> PatientsOfCohort:
        """The counts of some patients, by id.

        Raises
        ------
        InputError
            For a dose that no regimen has, an output without an error, an output or a drug that the model has not.
        """
        treatments = {id: treatment_of(data, data.patient(id)) for id in patients}
        observations = observed(data, patients)
        system = compile_model(model, tuple({drug for one in treatments.values() for drug in one.drugs}))
        effects = CohortRandomEffects.of(system, cohort)
        drugs = {name: dose.unit for name, dose in model.doses.items()}
        ends = dict(zip(observations.ids, observations.times.max(axis=1), strict=True))
        plans = [segments(treatments[id], drugs, model.time, float(ends[id]) or 1.0) for id in observations.ids]
        names = [one.name for one in effects.parameters]
        predictions = ModelPredictions.of(system, system.parameter_array(cohort.values), names, plans, observations)
        measured = measurement_errors(model, observations.analytes, errors or {})
        mixed = MixedEffectsModel.of(
            predictions,
            observations,
            effects.parameters,
            residual=measured.kinds,
            between_individuals=effects.blocks,
        )
        values = mixed.values(effects.typical, variances=effects.variances, residual=measured.values)
        return cls(system, cohort, treatments, mixed, values)
