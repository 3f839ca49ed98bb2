"""Statistics over the draws of a patient's parameters: measurements, shares below a limit, what a course changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit

ONE = parse_unit("1")


def measured_counts(fit: PatientFit, drawn: xr.Dataset, seed: int) -> xr.Dataset:
    """Quantiles of what would be measured, (quantile, time), of each output that was measured.

    Each draw, (draw, time), has noise of its own, as the errors of the fit say.
    """
    mixed, noisy = fit.patients.model, {}
    generator = np.random.default_rng(np.random.SeedSequence((seed, 1)))
    for index, name in enumerate(mixed.observations.analytes):
        true = drawn[name].values
        z = generator.standard_normal(true.shape)
        sd, _, _ = mixed.errors.deviations(np.full(true.shape, index), true, fit.patients.values.residual)
        values = true * np.exp(sd * z) if mixed.errors.is_logarithmic[index] else true + sd * z
        noisy[name] = xr.Variable(("draw", "time"), values, drawn[name].attrs)
    counts = xr.Dataset(noisy, {"time": drawn["time"]})
    quantiles = counts.quantile(list(MEDIAN_AND_95), dim="draw", keep_attrs=True)
    quantiles["quantile"].attrs |= {"long_name": "quantile over parameter draws and measurements", "units": "1"}
    return quantiles


def share_below(drawn: xr.Dataset, limits: Mapping[str, float]) -> xr.Dataset:
    """The share of draws whose output is below its limit, (time,), of limits in the units of the outputs."""
    long_name = "probability of a true count below the lower limit of normal"
    shares = {
        name: variable(("time",), (drawn[name].values < limit).mean(axis=0), ONE, f"{long_name}, {limit:g}")
        for name, limit in limits.items()
    }
    return xr.Dataset(shares, {"time": drawn["time"]})


def difference(drawn: xr.Dataset, without: xr.Dataset) -> xr.Dataset:
    """Quantiles of what a course changes in the same draws, (quantile, time)."""
    names = [name for name, array in drawn.data_vars.items() if array.dims == ("draw", "time")]
    with xr.set_options(keep_attrs=True):
        changes = drawn[names] - without[names]
    quantiles = changes.quantile(list(MEDIAN_AND_95), dim="draw", keep_attrs=True)
    quantiles["quantile"].attrs |= {"long_name": "quantile over parameter draws", "units": "1"}
    return quantiles
