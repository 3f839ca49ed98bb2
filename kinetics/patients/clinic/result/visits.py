"""Every count of a clinic beside its predictions and residuals, and all of them beside simulated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.mixed_effects import conditional_weighted_residuals, individual_weighted_residuals
from kinetics.mixed_effects.diagnostics.visual_predictive_check import INTERVAL, PERCENTILES
from kinetics.patients.population.visits import OWN, visit_table
from kinetics.results import variable
from kinetics.units import parse_unit, unit_text

if TYPE_CHECKING:
    from kinetics.patients.clinic.result.clinic_fit import ClinicFit

ONE = parse_unit("1")


def residual_table(fit: ClinicFit) -> xr.Dataset:
    """Every count beside its predictions and residuals, on (visit,): `visit_table` with CWRES, IWRES and NPDE."""
    model, values, random = fit.clinic.model, fit.values, fit.conclusions.modes.random
    residuals = {
        "CWRES": (conditional_weighted_residuals(model, values, random), "conditional weighted residual"),
        "IWRES": (individual_weighted_residuals(model, values, random), "individual weighted residual"),
        "NPDE": (fit.conclusions.npde, "normalised prediction distribution error"),
    }
    observations, present = model.observations, model.observations.present
    table = visit_table(fit.patients.patients, random).assign(
        {name: variable(("visit",), array[present], ONE, long_name) for name, (array, long_name) in residuals.items()}
    )
    if not fit.clinic.treated.occasions:
        return table
    numbers = observations.occasion[present] + 1
    about = "number of the occasion of the patient, from 1"
    return table.assign(occasion=variable(("visit",), numbers, ONE, about))


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
