"""Patients with their counts and doses, as the compiled model takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System, compile_model
from kinetics.errors import Faults
from kinetics.mixed_effects import Observations
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.population.model_units import in_model_units
from kinetics.patients.population.observed import observed
from kinetics.patients.population.predictions import ModelPredictions
from kinetics.patients.population.treatment import treatment_of
from kinetics.regimen import Regimen, Segments, model_segments


@dataclass(frozen=True, eq=False)
class TreatedPatients:
    """Counts and doses of patients. Make them with `of`.

    Parameters
    ----------
    data : PatientData
        The patients, in the units of the model.
    structure : Model
        The structural model.
    treatments : dict of str to Regimen
        What each patient was given, by id.
    observations : Observations
        Their counts; an individual is a patient.
    plans : tuple of Segments, (patient,)
        Their doses, until the last count of each.
    """

    data: PatientData
    structure: Model
    treatments: Mapping[str, Regimen]
    observations: Observations
    plans: tuple[Segments, ...]

    @classmethod
    def of(cls, data: PatientData, model: Model) -> TreatedPatients:
        """All patients of some data.

        Raises
        ------
        InputError
            With every analyte and drug that the model does not have, and every dose that no regimen has.
        """
        faults = Faults()
        converted = faults.attempt("", lambda: in_model_units(data, model))
        found = {one.id: faults.attempt("", lambda one=one: treatment_of(data, one)) for one in data}
        faults.raise_if_any()
        assert converted is not None
        treatments = {id: regimen for id, regimen in found.items() if regimen is not None}
        observations = observed(list(converted), next(iter(model.outputs)))
        ends = dict(zip(observations.ids, observations.times.max(axis=1), strict=True))
        plans = (model_segments(treatments[id], model, float(ends[id]) or 1.0) for id in observations.ids)
        return cls(converted, model, treatments, observations, tuple(plans))

    @cached_property
    def system(self) -> System:
        """The model, compiled for the drugs of all patients."""
        return compile_model(self.structure, sorted({drug for one in self.treatments.values() for drug in one.drugs}))

    def predictions(self, cohort: CohortParameters, parameters: Sequence[str]) -> ModelPredictions:
        """Predictions of the counts; ``parameters`` are those that differ, all others are the cohort's."""
        typical = self.system.parameter_array(cohort.values)
        return ModelPredictions.of(self.system, typical, parameters, self.plans, self.observations)
