"""Statistics over the draws of a patient's parameters: intervals, measurements, chances of a count below its limit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.special import ndtr, ndtri

from kinetics.patients.individual.curves import DrawnCurves
from kinetics.patients.population.residual_errors import MeasurementErrors
from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import parse_unit, unit_text

ONE = parse_unit("1")
NOISE = ndtri((np.arange(32) + 0.5) / 32)
"""Normal deviates of equal probability, in place of random ones: the quantiles of measurements are then smooth."""


def interval(drawn: xr.Dataset) -> xr.Dataset:
    """Quantiles over draws, (quantile, time), of outputs on (draw, time)."""
    names = [name for name, array in drawn.data_vars.items() if array.dims == ("draw", "time")]
    return _quantiles(drawn[names], "draw", "quantile over parameter draws")


def measured_interval(drawn: xr.Dataset, errors: MeasurementErrors) -> xr.Dataset:
    """Quantiles of what would be measured, (quantile, time), of every output whose error is known."""
    noisy = {}
    for name in drawn.data_vars.keys() & errors.kinds.keys():
        true = drawn[name].values
        change = errors.deviation(str(name), true) * NOISE[:, None, None]
        values = true * np.exp(change) if errors.is_logarithmic(str(name)) else true + change
        noisy[name] = xr.Variable(("draw", "time"), values.reshape(-1, true.shape[1]), drawn[name].attrs)
    counts = xr.Dataset({name: noisy[name] for name in drawn.data_vars if name in noisy}, {"time": drawn["time"]})
    return _quantiles(counts, "draw", "quantile over parameter draws and measurements")


def difference(drawn: xr.Dataset, without: xr.Dataset) -> xr.Dataset:
    """Quantiles of what a course changes in the same draws, (quantile, time)."""
    with xr.set_options(keep_attrs=True):
        changes = drawn - without
    return _quantiles(changes, "draw", "quantile over parameter draws")


def chance_below(
    curves: DrawnCurves, visits: Mapping[str, np.ndarray], limits: Mapping[str, float], errors: MeasurementErrors
) -> xr.Dataset:
    r"""The probability that the true and the measured count are below their limit at visits.

    The measured one is :math:`\Phi((l - f)/s)`, on logarithms for a log-normal error, averaged over draws.

    Parameters
    ----------
    curves : DrawnCurves
        Outputs, which include the visits.
    visits : mapping of str to ndarray, (visit,)
        The times of each output, in the model's unit, from time zero of the data.
    limits : mapping of str to float
        By output, in its unit.
    errors : MeasurementErrors
        Of measurements; of an output without one the second probability is NaN.

    Returns
    -------
    xarray.Dataset
        ``true`` and ``measured`` on (output, visit), ``time`` of each visit, ``limit`` of each output in its ``unit``.
        NaN behind the last visit of an output that has fewer.
    """
    size = max((times.size for times in visits.values()), default=0)
    table = {key: np.full((len(limits), size), np.nan) for key in ("time", "true", "measured")}
    for row, (name, limit) in enumerate(limits.items()):
        times, own = visits[name], slice(0, visits[name].size)
        values = curves.of(name, times)
        values = values[np.isfinite(values).all(axis=1)]
        table["time"][row, own] = times
        if not len(values):
            continue
        table["true"][row, own] = (values < limit).mean(axis=0)
        if name in errors.kinds:
            table["measured"][row, own] = share_measured_below(name, values, limit, errors).mean(axis=0)
    model, dims = curves.model, ("output", "visit")
    long_name = "probability that the {} count is below the lower limit of normal"
    units = [unit_text(model.outputs[name].unit) for name in limits]
    data = {
        "true": variable(dims, table["true"], ONE, long_name.format("true")),
        "measured": variable(dims, table["measured"], ONE, long_name.format("measured")),
        "limit": xr.Variable(("output",), list(limits.values()), {"long_name": "lower limit of normal, in its unit"}),
        "unit": xr.Variable(("output",), units),
        "visit_time": variable(dims, table["time"], model.time, "time of the visit since time zero of the data"),
    }
    return xr.Dataset(data, {"output": list(limits)})


def share_measured_below(name: str, true: np.ndarray, limit: float, errors: MeasurementErrors) -> np.ndarray:
    """The probability that a measurement of each true value of an output is below a limit; in the shape of these."""
    deviation = errors.deviation(name, true)
    if errors.is_logarithmic(name):
        with np.errstate(divide="ignore"):  # a count of zero is below any limit
            return ndtr((np.log(limit) - np.log(np.maximum(true, 0.0))) / deviation)
    return ndtr((limit - true) / deviation)


def _quantiles(data: xr.Dataset, dim: str, long_name: str) -> xr.Dataset:
    if not data.data_vars:
        return data
    # numpy takes ten times as long where it looks for failed draws
    has_failed = any(np.isnan(array.values).any() for array in data.data_vars.values())
    quantiles = data.quantile(list(MEDIAN_AND_95), dim=dim, skipna=has_failed, keep_attrs=True)
    quantiles["quantile"].attrs |= {"long_name": long_name, "units": "1"}
    return quantiles
