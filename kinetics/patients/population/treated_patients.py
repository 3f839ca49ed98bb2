"""Patients with their counts, doses and covariates, as the compiled model takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System, compile_model
from kinetics.mixed_effects import Observations
from kinetics.model import Model
from kinetics.patients.data.model_covariates import model_covariates
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import Observation, Patient
from kinetics.patients.population.model_units import in_model_units
from kinetics.patients.population.observed import observed
from kinetics.patients.population.occasions import OccasionRule, PatientOccasions
from kinetics.patients.population.predictions import ModelPredictions
from kinetics.patients.population.treatment import first_time, simulated_records
from kinetics.regimen import DoseRecord, History, TimedValues, histories
from kinetics.regimen.episode_arrays import Histories
from kinetics.regimen.histories import check_events_followed


@dataclass(frozen=True, eq=False)
class TreatedPatients:
    """Counts and doses of patients. Make them with `of`.

    Parameters
    ----------
    data : PatientData
        The patients, in the units of the model.
    structure : Model
        The structural model.
    observations : Observations
        Their counts; an individual is a patient.
    histories : Histories, (patient,)
        Their doses and covariates, and the times of their counts, in the order of ``observations``.
    covariates : mapping of str to mapping of str to TimedValues
        The values of each patient that replace those of parameters, as of `model_covariates`.
    rule : OccasionRule or None
        What an occasion is; None if nothing differs between occasions.
    occasions : mapping of str to PatientOccasions
        Those of each patient, by id; empty without a rule.
    between_occasions : tuple of str
        The parameters that differ between these, by flat name.
    """

    data: PatientData
    structure: Model
    observations: Observations
    histories: Histories
    covariates: Mapping[str, Mapping[str, TimedValues]]
    rule: OccasionRule | None = None
    occasions: Mapping[str, PatientOccasions] = field(default_factory=dict[str, PatientOccasions])
    between_occasions: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, data: PatientData, model: Model, rule: OccasionRule | None = None, between_occasions: Sequence[str] = ()
    ) -> TreatedPatients:
        """All patients of some data; with occasions if a rule says what these are, and what differs between them.

        Raises
        ------
        InputError
            With every analyte, drug, and parameter of a covariate that the model does not have; with every dose that
            means nothing.
        """
        converted = in_model_units(data, model)
        covariates, occasions = model_covariates(converted, model), dict[str, PatientOccasions]()
        if rule is not None:
            occasions = {one.id: PatientOccasions.of(one, rule, converted.time) for one in converted}
        return cls._prepared(converted, model, covariates, rule, occasions, tuple(between_occasions))

    @classmethod
    def _prepared(
        cls, converted: PatientData, model: Model, covariates: Mapping[str, Mapping[str, TimedValues]],
        rule: OccasionRule | None, occasions: Mapping[str, PatientOccasions], between_occasions: tuple[str, ...],
    ) -> TreatedPatients:  # fmt: skip
        observations = observed(list(converted), next(iter(model.outputs)), occasions)
        sequences = np.array([row.sequence for one in converted for row in one.observations])
        given = [
            replace(
                _history(
                    converted.patient(id), covariates[id], observations.times[own], sequences[observations.rows[own]]
                ),
                occasions=_starts(occasions.get(id), observations.occasion[own]),
            )
            for own, id in zip(_present(observations), observations.ids, strict=True)
        ]
        prepared = histories(given, model)
        check_events_followed(prepared, model, [one.name for one in given])
        return cls(converted, model, observations, prepared, covariates, rule, occasions, between_occasions)

    def with_counts(self, counts: Mapping[str, Sequence[Observation]]) -> TreatedPatients:
        """The same patients in the same occasions, with other counts, by id, of the outputs that were counted.

        What is behind the last occasion of which anybody has a count belongs to that.
        """
        last = self.observations.n_occasions - 1
        patients = {id: replace(self.data.patient(id), observations=tuple(rows)) for id, rows in counts.items()}
        occasions = {
            id: self.occasions[id].counted_from(first_time(patient), last)
            for id, patient in patients.items() if id in self.occasions
        }  # fmt: skip
        data = replace(self.data, patients=patients)
        return self._prepared(data, self.structure, self.covariates, self.rule, occasions, self.between_occasions)

    @cached_property
    def system(self) -> System:
        """The model, compiled for the drugs and the covariates of all patients."""
        drugs = {dose.drug for one in self.data for dose in one.given}
        changing = {name for id in self.data.ids for name in self.changing(id)}
        # a state that rests at the parameters of one occasion moves at those of the next
        return compile_model(self.structure, sorted(drugs), sorted({*changing, *self.between_occasions}))

    def changing(self, id: str) -> dict[str, TimedValues]:
        """The values of a patient's parameters that change over time, in time of the simulation."""
        since = _since_begin(self.data.patient(id), self.covariates[id])
        return {name: series for name, series in since.items() if len(series.times) > 1}

    def along(self, id: str, records: Sequence[DoseRecord], until: float, occasions: Sequence[float] = ()) -> Histories:
        """What a patient gets along records, its own and planned ones, up to a time; all in time of its simulation.

        Of the parameters that covariates set, those that change over time are in it.
        """
        name, covariates = f"patient {id}", self.changing(id)
        one = History(records, [0.0, until], covariates=covariates, occasions=occasions, name=name)
        prepared = histories([one], self.structure)
        check_events_followed(prepared, self.structure, [name])
        return prepared

    def predictions(self, cohort: CohortParameters, parameters: Sequence[str]) -> ModelPredictions:
        """Predictions of the counts; ``parameters`` are those that differ, all others are the cohort's."""
        typical = self.system.parameter_array(cohort.values)
        return ModelPredictions.of(self.system, typical, parameters, self.histories, self.observations)


def _present(observations: Observations) -> Iterator[tuple[int, np.ndarray]]:
    """The indices of the observations of each individual."""
    return ((number, np.flatnonzero(row)) for number, row in enumerate(observations.present))


def _starts(occasions: PatientOccasions | None, counted: np.ndarray) -> list[float]:
    """When occasions begin, up to that of the last count, from the time at which the simulation begins."""
    starts = () if occasions is None else occasions.starts[: counted.max(initial=0)]
    return [time for time, _ in starts]


def _history(
    patient: Patient, covariates: Mapping[str, TimedValues], times: np.ndarray, sequences: np.ndarray
) -> History:
    """Doses, covariates and times of counts, from the time at which the simulation of the patient begins."""
    given = simulated_records(patient), times.tolist(), sequences.tolist(), _since_begin(patient, covariates)
    return History(*given, name=f"patient {patient.id}")


def _since_begin(patient: Patient, covariates: Mapping[str, TimedValues]) -> dict[str, TimedValues]:
    """Values at times since the simulation of the patient begins."""
    begin = first_time(patient)
    return {
        name: replace(series, times=tuple(time - begin for time in series.times)) for name, series in covariates.items()
    }
