"""The parameters of a patient as a dataset: estimates, intervals, and how much the counts inform them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.special import ndtri

from kinetics.patients.individual.information import verdict
from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import parse_unit, unit_text

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit

ONE = parse_unit("1")


def parameter_table(fit: PatientFit) -> xr.Dataset:
    """What `PatientFit.parameters` gives: on (parameter,), each in its ``unit``."""
    lower, upper = _ends(fit)
    informed = fit.informed
    units = [unit_text(fit.model.parameters[name].unit or ONE) for name in fit.names]
    ends = "95 % interval, each parameter alone"
    columns = {
        "estimate": (fit.random, "most probable value, given the counts and the population"),
        "lower": (lower, f"lower end of the {ends}"),
        "upper": (upper, f"upper end of the {ends}"),
        "typical": (np.zeros(fit.random.size), "typical value of the population"),
    }
    natural = fit.values(np.array([random for random, _ in columns.values()]))
    data = {
        name: xr.Variable("parameter", values, {"long_name": f"{long_name}, in its unit"})
        for values, (name, (_, long_name)) in zip(natural, columns.items(), strict=True)
    }
    data["informed"] = variable(
        ("parameter",), informed, ONE, "share of the variance between patients that the counts take away"
    )
    data["unit"] = xr.Variable("parameter", units)
    data["verdict"] = xr.Variable("parameter", [verdict(float(share)) for share in informed])
    return xr.Dataset(data, {"parameter": list(fit.names)})


def _ends(fit: PatientFit) -> np.ndarray:
    """Ends of the interval of each random effect, (end, parameter): of the posterior sample, or of Laplace's method."""
    shares = np.array([MEDIAN_AND_95[0], MEDIAN_AND_95[-1]])
    if fit.sample is not None:
        return np.quantile(fit.sample, shares, axis=0)
    return fit.random + ndtri(shares)[:, None] * np.sqrt(np.diag(fit.covariance))
