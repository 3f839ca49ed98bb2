"""Every count of a clinic beside its predictions and residuals, and all of them beside simulated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.mixed_effects import conditional_weighted_residuals, individual_weighted_residuals, predictions
from kinetics.mixed_effects.diagnostics.predictive_check import INTERVAL, PERCENTILES
from kinetics.patients.population.treatment import first_time
from kinetics.results import variable
from kinetics.units import parse_unit, unit_text

if TYPE_CHECKING:
    from kinetics.patients.clinic.result.clinic_fit import ClinicFit

ONE = parse_unit("1")
OWN = "in its own unit"


def visit_table(fit: ClinicFit) -> xr.Dataset:
    """The counts, on (visit,), by patient, time and output."""
    clinic, values = fit.clinic, fit.values
    model, observations, random = clinic.model, clinic.model.observations, fit.conclusions.modes.random
    present, data = observations.present, clinic.problem.data
    individual = np.nonzero(present)[0]
    zero = np.array([first_time(data.patient(id)) for id in observations.ids])
    below, above = np.isinf(observations.lower), np.isinf(observations.upper)
    side = np.where(observations.censored, np.where(above, 1, -1), 0)
    outputs = np.array(observations.analytes, dtype=object)[observations.analyte[present]]
    units = {name: unit_text(clinic.problem.model.outputs[name].unit) for name in observations.analytes}
    own = {
        "value": (np.where(above & ~below, observations.lower, observations.upper), "count, or the limit it is beyond"),
        "PRED": (predictions(model, values), "prediction of the typical patient of the same covariates"),
        "IPRED": (predictions(model, values, random), "prediction at the conditional mode of the patient"),
    }
    pure = {
        "CWRES": (conditional_weighted_residuals(model, values, random), "conditional weighted residual"),
        "IWRES": (individual_weighted_residuals(model, values, random), "individual weighted residual"),
        "NPDE": (fit.conclusions.npde, "normalised prediction distribution error"),
    }
    columns = {
        "patient": xr.Variable("visit", np.array(observations.ids, dtype=object)[individual]),
        "output": xr.Variable("visit", outputs),
        "unit": xr.Variable("visit", np.array([units[name] for name in outputs], dtype=object)),
        "time": variable(("visit",), (observations.times + zero[:, None])[present], data.time, "time of the data"),
        "censored": variable(("visit",), side[present], ONE, "whether the count is below (-1) or above (1) its value"),
    }
    columns |= {
        name: xr.Variable("visit", array[present], {"long_name": f"{long_name}, {OWN}"})
        for name, (array, long_name) in own.items()
    }
    columns |= {name: variable(("visit",), array[present], ONE, long) for name, (array, long) in pure.items()}
    return xr.Dataset(columns)


def check_table(fit: ClinicFit) -> xr.Dataset:
    """Percentiles of the counts in bins of time beside those of simulated data sets, on (bin, percentile, quantile)."""
    checks, problem = fit.conclusions.checks, fit.problem
    numbers = [checks[name].time.size for name in checks]
    outputs = np.repeat(np.array([*checks], dtype=object), numbers)
    units = np.repeat(np.array([unit_text(problem.model.outputs[name].unit) for name in checks], dtype=object), numbers)

    def joined(key: str) -> np.ndarray:
        return np.concatenate([getattr(one, key) for one in checks.values()])

    about = "percentile of the counts; NaN below the limits"
    sets = "over simulated data sets"
    return xr.Dataset(
        {
            "output": xr.Variable("bin", outputs),
            "unit": xr.Variable("bin", units),
            "time": variable(("bin",), joined("time"), problem.data.time, "median time of the counts"),
            "count": variable(("bin",), joined("count"), ONE, "number of counts"),
            "observed": xr.Variable(("bin", "percentile"), joined("observed"), {"long_name": f"{about}, {OWN}"}),
            "simulated": xr.Variable(
                ("bin", "percentile", "quantile"), joined("simulated"), {"long_name": f"{about}, {sets}, {OWN}"}
            ),
            "below": variable(("bin",), joined("below"), ONE, "share of counts below their limits"),
            "simulated_below": variable(
                ("bin", "quantile"), joined("simulated_below"), ONE, f"share of counts below their limits, {sets}"
            ),
        },
        {"percentile": [*PERCENTILES], "quantile": [*INTERVAL]},
    )
