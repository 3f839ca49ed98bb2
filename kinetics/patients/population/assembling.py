"""Patients of a cohort as a mixed effects model: their counts, their doses, and how the cohort says they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System, compile_model
from kinetics.errors import Faults
from kinetics.mixed_effects import MixedEffectsModel, PopulationValues
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.population.model_units import in_model_units
from kinetics.patients.population.observed import check_logarithms, observed
from kinetics.patients.population.predictions import ModelPredictions
from kinetics.patients.population.random_effects import CohortRandomEffects
from kinetics.patients.population.residual_errors import MeasurementErrors, measurement_errors
from kinetics.patients.population.treatment import treatment_of
from kinetics.regimen import Regimen, segments


@dataclass(frozen=True, eq=False)
class PatientsOfCohort:
    """Patients under the population of a cohort. Make it with `of`.

    Parameters
    ----------
    data : PatientData
        The patients, in the units of the model.
    system : System
        The compiled model.
    cohort : CohortParameters
        The population.
    treatments : dict of str to Regimen
        What each patient was given, by id.
    errors : MeasurementErrors
        How measurements differ from true values, of every output of which that is known.
    model : MixedEffectsModel
        Their counts under the model; an individual is a patient.
    values : PopulationValues
        Those of the cohort.
    """

    data: PatientData
    system: System
    cohort: CohortParameters
    treatments: Mapping[str, Regimen]
    errors: MeasurementErrors
    model: MixedEffectsModel
    values: PopulationValues

    @classmethod
    def of(
        cls,
        data: PatientData,
        model: Model,
        cohort: CohortParameters,
        errors: Mapping[str, str] | None = None,
    ) -> PatientsOfCohort:
        """The counts of patients under a model.

        Raises
        ------
        InputError
            With every analyte and drug that the model does not have, every dose that no regimen has, every output
            without an error, and every count that its error cannot give.
        """
        faults = Faults()
        converted = faults.attempt("", lambda: in_model_units(data, model))
        patients = list(data if converted is None else converted)
        treatments = {one.id: faults.attempt("", lambda one=one: treatment_of(data, one)) for one in data}
        counted = sorted({row.output for one in patients for row in one.observations} & model.outputs.keys())
        measured = faults.attempt("", lambda: measurement_errors(model, counted, errors or {}))
        if measured is not None and converted is not None:
            check_logarithms(patients, measured.kinds, faults)
        faults.raise_if_any()
        assert converted is not None
        assert measured is not None
        given = {id: regimen for id, regimen in treatments.items() if regimen is not None}
        return cls._of_checked(converted, model, cohort, given, measured)

    @classmethod
    def _of_checked(
        cls,
        data: PatientData,
        model: Model,
        cohort: CohortParameters,
        treatments: Mapping[str, Regimen],
        measured: MeasurementErrors,
    ) -> PatientsOfCohort:
        system = compile_model(model, sorted({drug for one in treatments.values() for drug in one.drugs}))
        effects = CohortRandomEffects.of(system, cohort)
        unobserved = next(iter(model.outputs))
        observations = observed(list(data), unobserved)
        drugs = {name: dose.unit for name, dose in model.doses.items()}
        ends = dict(zip(observations.ids, observations.times.max(axis=1), strict=True))
        plans = [segments(treatments[id], drugs, model.time, float(ends[id]) or 1.0) for id in observations.ids]
        names = [one.name for one in effects.parameters]
        predictions = ModelPredictions.of(system, system.parameter_array(cohort.values), names, plans, observations)
        # without a count any error will do: nothing is compared with it
        any_error = MeasurementErrors({unobserved: "additive"}, {f"{unobserved}:a": 1.0})
        of_counts = measured.of_outputs(observations.analytes) if observations.present.any() else any_error
        mixed = MixedEffectsModel.of(
            predictions,
            observations,
            effects.parameters,
            residual=of_counts.kinds,
            between_individuals=effects.blocks,
        )
        values = mixed.values(effects.typical, variances=effects.variances, residual=of_counts.values)
        return cls(data, system, cohort, treatments, measured, mixed, values)
