"""What the population says of its patients along time: medians and ranges of simulated patients with the same doses."""

from __future__ import annotations

import numpy as np
import xarray as xr

from kinetics.measures import lower_limits
from kinetics.mixed_effects.individuals.random_streams import RandomStreams
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.patients.population.curves import PatientCurves, curve_points, dose_times
from kinetics.patients.population.residual_errors import MeasurementErrors
from kinetics.patients.population.treatment import first_time
from kinetics.results import LIMIT_LEVEL, MEDIAN_AND_90, variable

SIMULATED = 1000
"""Patients in all, about: as many of each real one."""
COMMON = 0.5
"""Of the patients: doses at a time that so many have are marked."""


def population_prediction(patients: PatientsOfCohort, seed: int) -> xr.Dataset:
    """Outputs of simulated patients of the population, who get the doses and have the covariates of the real ones.

    Parameters
    ----------
    patients : PatientsOfCohort
        The patients, with the population.
    seed : int
        Of the random numbers; those of a patient depend on its id too, and on nothing else.

    Returns
    -------
    xarray.Dataset
        Every output that was counted on (count, quantile, time): the median and 5 to 95 % of the ``true`` and of the
        ``measured`` counts. ``dose_time`` on (dose,): the doses that half of the patients have or more.
    """
    data, mixed = patients.treated.data, patients.model
    everyone = [data.patient(id) for id in mixed.observations.ids]
    doses, counts = np.unique(np.concatenate([dose_times(one) for one in everyone] or [[]]), return_counts=True)
    shared = doses[counts >= COMMON * len(everyone)]
    begin = min(first_time(one) for one in everyone)
    end = max([begin, *(record.time for one in everyone for record in one.observations or one.records)])
    times = curve_points(begin, end, shared)
    curves, n_each = PatientCurves(patients, dict.fromkeys(data.ids, times)), max(1, SIMULATED // len(everyone))
    streams = RandomStreams(mixed.observations.ids, seed, "population prediction").generators(0)
    drawn = np.concatenate([one.standard_normal((n_each, mixed.n_random)) for one in streams])
    errors = np.concatenate([one.standard_normal((n_each, times.size)) for one in streams])
    random = drawn @ np.linalg.cholesky(mixed.covariance(patients.values)).T
    predicted = curves.predict(np.repeat(mixed.everyone, n_each), random)
    model = patients.treated.structure
    limits = lower_limits(model, patients.cohort.values)
    columns: dict[str, xr.Variable] = {}
    for name, unit in curves.units.items():
        both = predicted[name], _measured(name, predicted[name], patients.errors, errors)
        quantiles = np.array([np.nanquantile(each, MEDIAN_AND_90, axis=0) for each in both])
        limit = {"lower_limit": model.outputs[name].lower_limit, LIMIT_LEVEL: limits[name]} if name in limits else {}
        columns[name] = variable(
            ("count", "quantile", "time"), quantiles, unit, f"{name} of simulated patients", **limit
        )
    columns["dose_time"] = variable(("dose",), shared, data.time, "time of a dose of most patients")
    axis = variable(("time",), times, data.time, "time of the data")
    return xr.Dataset(columns, {"time": axis, "quantile": [*MEDIAN_AND_90], "count": ["true", "measured"]})


def _measured(name: str, true: np.ndarray, errors: MeasurementErrors, normal: np.ndarray) -> np.ndarray:
    """What measurements of true counts would show, (lane, time); the same where the error is not known."""
    if name not in errors.kinds:
        return true
    error = errors.deviation(name, true) * normal
    return true * np.exp(error) if errors.is_logarithmic(name) else true + error
