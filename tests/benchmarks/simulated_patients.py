"""Patients of the shipped model with counts of a first course, and counts of a year later that nobody fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from kinetics import Regimen, VisitSchedule, simulate
from kinetics.observation import Series
from kinetics.patients import DoseRecord, Observation, Patient, PatientData
from kinetics.patients.individual.curves import DrawnCurves
from kinetics.patients.individual.over_draws import share_measured_below
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.units import parse_unit

__all__ = ["COHORT", "MODEL", "OUTPUTS", "SimulatedPatients", "predictive_probabilities", "simulated_patients"]

MODEL, COHORT = "reconstitution", "relapsing"
OUTPUTS = ("CD4", "CD8", "B", "lymphocytes")
LIMIT = 0.02
"""Of quantification, 1e9/L."""
LATER = 730.5
"""Day of the counts that are withheld: month 24, a year after the second course."""
FIRST, SECOND = range(5), range(365, 368)
"""Days of the doses of each course."""


@dataclass(frozen=True, eq=False)
class SimulatedPatients:
    """Counts of course 1 and doses of both courses; and the measured counts of month 24, (patient, output), 1e9/L."""

    data: PatientData
    withheld: np.ndarray


def simulated_patients(number: int, seed: int) -> SimulatedPatients:
    """Draw and observe patients: before treatment, and at months 1, 3, 6, 9 and 11 of course 1."""
    visits = Series(name="visits", at=["0 day", "30 day", "91 day", "183 day", "274 day", "335 day", f"{LATER} day"])
    regimen = Regimen.load("ms_first_course") + Regimen.load("retreatment").courses[0].at("365 day")
    observed = simulate(
        MODEL, regimen, until=f"{LATER} day", every=f"{LATER} day", cohort=COHORT, patients=number, seed=seed,
        observe=VisitSchedule([visits]),
    )  # fmt: skip
    units = dict.fromkeys(OUTPUTS, parse_unit("1e9/L")), {"alemtuzumab": parse_unit("mg")}
    patients = {f"S{index:04}": _patient(f"S{index:04}", observed.isel(patient=index)) for index in range(number)}
    withheld = np.column_stack([observed[f"{name}_seen"].values[:, -1] for name in OUTPUTS])
    return SimulatedPatients(PatientData(patients, parse_unit("day"), *units), withheld)


def _patient(id: str, observed: xr.Dataset) -> Patient:
    counts = [
        Observation(float(day), name, max(value, LIMIT), "below" if value < LIMIT else "", LIMIT)
        for day in observed["visit_visits"].values[:-1]
        for name in OUTPUTS
        for value in [float(observed[f"{name}_seen"].sel(visit_visits=day))]
    ]
    doses = [DoseRecord(float(day), "alemtuzumab", 12.0, duration=4 / 24) for day in (*FIRST, *SECOND)]
    return Patient(id, tuple(counts), tuple(doses))


def predictive_probabilities(fit: PatientFit, withheld: np.ndarray, draws: int = 200) -> np.ndarray:
    """The predicted probability of measuring less than each withheld count, (output,): uniform if all is right."""
    curves = DrawnCurves(
        fit, fit.treatment, fit.draws(draws, 0), np.array([0.0, LATER]), (), dict.fromkeys(fit.model.outputs, "")
    )
    true = {name: curves.of(name, np.array([LATER]))[:, 0] for name in OUTPUTS}
    errors = fit.patients.errors
    return np.array(
        [share_measured_below(n, true[n], float(y), errors).mean() for n, y in zip(OUTPUTS, withheld, strict=True)]
    )
