"""Curves of patients between their counts: at the parameters of each, and at those of the typical patient."""

from __future__ import annotations

import numpy as np
import xarray as xr

from kinetics.patients.data.records import Patient
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.patients.population.curves import PatientCurves, curve_points, dose_changes, dose_times, padded
from kinetics.patients.population.treatment import first_time
from kinetics.results import variable


def individual_curves(patients: PatientsOfCohort, random: np.ndarray) -> xr.Dataset:
    """Outputs over time, from the first record of each patient to the last count.

    Parameters
    ----------
    patients : PatientsOfCohort
        The patients, with the population.
    random : ndarray, (patient, random effect)
        Conditional modes of the random effects.

    Returns
    -------
    xarray.Dataset
        Every output that was counted on (prediction, patient, point): ``IPRED`` at the mode of the patient, ``PRED`` of
        the typical patient of the same covariates. ``time`` of the data on (patient, point), ``dose_time`` on (patient,
        dose). NaN behind the last point or dose of a patient.
    """
    data, ids = patients.treated.data, patients.model.observations.ids
    times = {id: _times(data.patient(id)) for id in ids}
    curves = PatientCurves(patients, times)
    effects = {"PRED": np.zeros_like(random), "IPRED": random}
    predicted = [curves.predict(patients.model.everyone, each) for each in effects.values()]
    columns = {
        name: variable(
            ("prediction", "patient", "point"), np.array([each[name] for each in predicted]), unit, f"{name} along time"
        )
        for name, unit in curves.units.items()
    }
    doses = padded([dose_times(data.patient(id)) for id in ids])
    columns["time"] = variable(("patient", "point"), padded([*times.values()]), data.time, "time of the data")
    columns["dose_time"] = variable(("patient", "dose"), doses, data.time, "time of a dose")
    return xr.Dataset(columns, {"patient": np.array(ids, dtype=object), "prediction": [*effects]})


def _times(patient: Patient) -> np.ndarray:
    begin = first_time(patient)
    end = max([begin, *(record.time for record in patient.observations or patient.records)])
    return curve_points(begin, end, dose_changes(patient))
