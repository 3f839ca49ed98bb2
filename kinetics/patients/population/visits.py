"""Every count of some patients beside its predictions, a row each."""

from __future__ import annotations

import numpy as np
import xarray as xr

from kinetics.mixed_effects import predictions
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.patients.population.treatment import first_time
from kinetics.results import variable
from kinetics.units import parse_unit, unit_text

OWN = "in its own unit"


def visit_table(patients: PatientsOfCohort, random: np.ndarray) -> xr.Dataset:
    """The counts of patients, on (visit,): ``patient``, ``output``, ``time``, ``value``, ``PRED``, ``IPRED`` and more.

    ``random`` holds the conditional modes of the random effects, (patient, random effect).
    """
    model, values, data = patients.model, patients.values, patients.treated.data
    observations, outputs = model.observations, patients.treated.structure.outputs
    present = observations.present
    zero = np.array([first_time(data.patient(id)) for id in observations.ids])
    below, above = np.isinf(observations.lower), np.isinf(observations.upper)
    side = np.where(observations.censored, np.where(above, 1, -1), 0)
    of_visits = [observations.analytes[index] for index in observations.analyte[present]]
    own = {
        "value": (np.where(above & ~below, observations.lower, observations.upper), "count, or the limit it is beyond"),
        "PRED": (predictions(model, values), "prediction of the typical patient of the same covariates"),
        "IPRED": (predictions(model, values, random), "prediction at the conditional mode of the patient"),
    }
    columns = {
        "patient": xr.Variable("visit", np.array(observations.ids, dtype=object)[np.nonzero(present)[0]]),
        "output": xr.Variable("visit", np.array(of_visits, dtype=object)),
        "unit": xr.Variable("visit", np.array([unit_text(outputs[name].unit) for name in of_visits], dtype=object)),
        "time": variable(("visit",), (observations.times + zero[:, None])[present], data.time, "time of the data"),
        "censored": variable(
            ("visit",), side[present], parse_unit("1"), "whether the count is below (-1) or above (1) its value"
        ),
    }
    columns |= {
        name: xr.Variable("visit", array[present], {"long_name": f"{long_name}, {OWN}"})
        for name, (array, long_name) in own.items()
    }
    return xr.Dataset(columns)
