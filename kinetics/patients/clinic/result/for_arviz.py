"""The groups of a clinic's fit that ArviZ reads: conditional samples of each patient, and what they say of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.results import variable
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.patients.clinic.result.clinic_fit import ClinicFit

ONE = parse_unit("1")
ABOUT = "conditional on the estimated population, whose own uncertainty is in the group 'covariance'"


def arviz_groups(fit: ClinicFit) -> dict[str, xr.Dataset]:
    """``observed_data``; with conditional samples also ``posterior`` and ``log_likelihood``."""
    groups = {"observed_data": _observed(fit)}
    if fit.conclusions.conditional is not None:
        groups |= {"posterior": _posterior(fit), "log_likelihood": _log_likelihood(fit)}
    return groups


def _columns(fit: ClinicFit, name: str) -> np.ndarray:
    """Which counts are of an output, (patient, count)."""
    observations = fit.clinic.model.observations
    return observations.present & (observations.analyte == observations.analytes.index(name))


def _observed(fit: ClinicFit) -> xr.Dataset:
    """Counts by output, on (OUTPUT_visit,); of a censored one the limit."""
    observations, outputs = fit.clinic.model.observations, fit.problem.model.outputs
    columns: dict[str, xr.Variable] = {}
    for name in observations.analytes:
        chosen, dims = _columns(fit, name), (f"{name}_visit",)
        upper = observations.upper[chosen]
        values = np.where(np.isinf(upper), observations.lower[chosen], upper)
        columns[name] = variable(dims, values, outputs[name].unit, name)
        columns[f"{name}_censored"] = variable(
            dims, observations.censored[chosen].astype(np.int8), ONE, f"whether {name} is beyond a limit"
        )
        ids = np.array(observations.ids, dtype=object)[np.nonzero(chosen)[0]]
        columns[f"{name}_patient"] = xr.Variable(dims, ids)
    return xr.Dataset(columns)


def _posterior(fit: ClinicFit) -> xr.Dataset:
    """Parameters of each patient at conditional samples, on (chain, draw, patient), in their units.

    Those that differ between occasions are on (chain, draw, patient, occasion): behind the last count of a patient as
    the population says.
    """
    model, conditional = fit.clinic.model, fit.conclusions.conditional
    assert conditional is not None
    n, chains, draws, size = conditional.samples.shape
    lanes = np.repeat(model.everyone, chains * draws)
    normal = model.parameters.normal(fit.values.fixed, conditional.samples.reshape(-1, size), lanes)
    table = model.parameters.natural(normal).reshape(n, chains, draws, *normal.shape[1:])
    dims, columns = ("chain", "draw", "patient"), dict[str, xr.Variable]()
    for index, one in enumerate(fit.problem.parameters):
        if one.flat in fit.occasion_effects:
            values = np.moveaxis(table[..., index], 0, 2)
            columns[one.flat] = variable((*dims, "occasion"), values, one.unit, one.name)
        elif one.flat in fit.effects:
            columns[one.flat] = variable(dims, np.moveaxis(table[:, :, :, 0, index], 0, -1), one.unit, one.name)
    coordinates = {"chain": np.arange(chains), "draw": np.arange(draws)}
    if fit.occasion_effects:
        coordinates["occasion"] = np.arange(1, normal.shape[1] + 1)
    ids = np.array(model.observations.ids, dtype=object)
    return xr.Dataset(columns, {**coordinates, "patient": ids}, {"comment": ABOUT})


def _log_likelihood(fit: ClinicFit) -> xr.Dataset:
    """Log densities of the counts at the samples, on (chain, draw, OUTPUT_visit)."""
    model, conditional = fit.clinic.model, fit.conclusions.conditional
    assert conditional is not None
    n, chains, draws, counts = conditional.predictions.shape
    lanes = np.repeat(model.everyone, chains * draws)
    density = model.density(conditional.predictions.reshape(-1, counts), fit.values.residual, lanes)
    log = density.log.reshape(n, chains, draws, counts)
    columns = {
        name: variable(
            ("chain", "draw", f"{name}_visit"), np.moveaxis(log.transpose(0, 3, 1, 2)[_columns(fit, name)], 0, -1), ONE,
            f"log density of {name}, each count in its unit",
        )
        for name in model.observations.analytes
    }  # fmt: skip
    return xr.Dataset(columns, {"chain": np.arange(chains), "draw": np.arange(draws)}, {"comment": ABOUT})
