"""The parameters of a patient as a dataset: estimates, intervals, and how much the counts inform them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.special import ndtri

from kinetics.patients.individual.information import informed_by, verdict
from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import parse_unit, unit_text

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit

ONE = parse_unit("1")


def parameter_table(fit: PatientFit) -> xr.Dataset:
    """What `PatientFit.parameters` gives: on (parameter,), each in its ``unit``."""
    names, deviations = fit.names, np.sqrt(np.diag(fit.covariance))
    at = fit.random + np.array([[ndtri(share)] for share in MEDIAN_AND_95]) * deviations
    lower, estimate, upper = (_column(fit, random) for random in at)
    informed = informed_by(fit.covariance, fit.patients.values.individuals)
    units = [unit_text(fit.model.parameters[name].unit or ONE) for name in names]
    ends = "95 % interval, each parameter alone"
    columns = {
        "estimate": (estimate, "most probable value, given the counts and the population"),
        "lower": (lower, f"lower end of the {ends}"),
        "upper": (upper, f"upper end of the {ends}"),
        "typical": (_column(fit, np.zeros(len(names))), "typical value of the population"),
    }
    data = {
        name: xr.Variable("parameter", values, {"long_name": f"{long_name}, in its unit"})
        for name, (values, long_name) in columns.items()
    }
    data["informed"] = variable(
        ("parameter",), informed, ONE, "share of the variance between patients that the counts take away"
    )
    data["unit"] = xr.Variable("parameter", units)
    data["verdict"] = xr.Variable("parameter", [verdict(float(share)) for share in informed])
    return xr.Dataset(data, {"parameter": list(names)})


def _column(fit: PatientFit, random: np.ndarray) -> np.ndarray:
    """Parameters at random effects, (parameter,), in the order of these."""
    (values,) = fit.values(random[None])
    return np.array([values[name] for name in fit.names])
