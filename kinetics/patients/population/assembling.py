"""Patients of a cohort as a mixed effects model: their counts, their doses, and how the cohort says they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinetics.cohorts.cohort import CohortParameters
from kinetics.errors import Faults, InputError
from kinetics.mixed_effects import MixedEffectsModel, PopulationValues
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.population.observed import check_logarithms
from kinetics.patients.population.random_effects import CohortRandomEffects
from kinetics.patients.population.residual_errors import MeasurementErrors, measurement_errors
from kinetics.patients.population.treated_patients import TreatedPatients


@dataclass(frozen=True, eq=False)
class PatientsOfCohort:
    """Patients under the population of a cohort. Make it with `of`.

    Parameters
    ----------
    treated : TreatedPatients
        Their counts and doses, with the compiled model.
    cohort : CohortParameters
        The population. Its patients do not differ in parameters that covariates set.
    errors : MeasurementErrors
        How measurements differ from true values, of every output of which that is known.
    model : MixedEffectsModel
        Their counts under the model; an individual is a patient.
    values : PopulationValues
        Those of the cohort.
    """

    treated: TreatedPatients
    cohort: CohortParameters
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
            With every analyte and drug that the model does not have, every dose that means nothing, every output
            without an error, and every count that its error cannot give.
        """
        faults = Faults()
        counted = sorted({row.output for one in data for row in one.observations} & model.outputs.keys())
        measured = faults.attempt("", lambda: measurement_errors(model, counted, errors or {}))
        if measured is not None:
            check_logarithms(data, measured.kinds, faults)
        treated = faults.attempt("", lambda: TreatedPatients.of(data, model))
        faults.raise_if_any()
        assert treated is not None
        assert measured is not None
        cohort = cohort.without_spreads(treated.histories.covariates)
        if not any(cohort.spreads.values()):
            raise InputError("covariates set every parameter in which the patients of the cohort differ")
        effects, observations = CohortRandomEffects.of(treated.system, cohort), treated.observations
        predictions = treated.predictions(cohort, [one.name for one in effects.parameters])
        # without a count any error will do: nothing is compared with it
        unobserved = observations.analytes[0]
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
        return cls(treated, cohort, measured, mixed, values)
