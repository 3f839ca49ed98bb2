"""How patients and their occasions differ, and what is known of each occasion of each patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.mixed_effects.model.levels import levels_of
from kinetics.results import variable
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.patients.clinic.result.clinic_fit import ClinicFit

ONE = parse_unit("1")


def covariance_table(covariance: np.ndarray, effects: Sequence[str], between: str) -> xr.Dataset:
    """The covariance and the correlation of random effects, (effect, effect_2)."""
    square, deviations = ("effect", "effect_2"), np.sqrt(np.diag(covariance))
    names, about = np.array(effects, dtype=object), f"{between}, on their normal scales"
    return xr.Dataset(
        {
            "covariance": xr.Variable(square, covariance, {"long_name": f"covariance {about}"}),
            "correlation": variable(square, covariance / np.outer(deviations, deviations), ONE, f"correlation {about}"),
        },
        {"effect": names, "effect_2": names},
    )


def occasion_groups(fit: ClinicFit) -> dict[str, xr.Dataset]:
    """``between_occasions`` and ``occasions``; nothing if no parameter differs between occasions."""
    if not fit.occasion_effects:
        return {}
    between = covariance_table(fit.values.occasions, fit.occasion_effects, "between the occasions of a patient")
    return {"between_occasions": between, "occasions": _occasions(fit)}


def _occasions(fit: ClinicFit) -> xr.Dataset:
    """On (patient, occasion): name, begin, parameters and random effects; NaN behind the last count of a patient."""
    model, found = fit.clinic.model, fit.conclusions
    level, treated, each = levels_of(model).occasions, fit.clinic.treated, ("patient", "occasion")
    shape = level.present.shape
    names, begins = np.full(shape, "", dtype=object), np.full(shape, np.nan)
    for row, id in enumerate(model.observations.ids):
        own = treated.occasions[id]
        number = int(level.present[row].sum())
        names[row, :number] = own.names[:number]
        begins[row, :number] = own.begin + np.array([0.0, *(time for time, _ in own.starts)])[:number]
    table = np.where(level.present[..., None], model.individual_parameters(fit.values, found.modes.random), np.nan)
    columns = {
        "name": xr.Variable(each, names, {"long_name": "what the occasion is called"}),
        "begin": variable(each, begins, treated.data.time, "begin of the occasion, time of the data"),
    }
    for index, one in enumerate(model.parameters.parameters):
        if one.name in fit.occasion_effects:
            unit = treated.structure.parameters[one.name].unit or ONE
            columns[one.name] = variable(each, table[..., index], unit, f"{one.name} at the conditional mode")
    size = (*shape, len(fit.occasion_effects))
    effects = found.modes.random[:, level.columns].reshape(size)
    deviations = np.sqrt(np.diagonal(found.covariances, axis1=1, axis2=2))[:, level.columns].reshape(size)
    what = "random effect of the occasion, on the normal scale of its parameter"
    for name, values, about in (
        ("random_effect", effects, f"conditional mode of the {what}"),
        ("random_effect_sd", deviations, f"standard deviation about it of the {what}"),
    ):
        shown = np.where(level.present[..., None], values, np.nan)
        columns[name] = xr.Variable((*each, "effect"), shown, {"long_name": about})
    coordinates = {
        "patient": np.array(model.observations.ids, dtype=object),
        "occasion": np.arange(1, shape[1] + 1),
        "effect": np.array(fit.occasion_effects, dtype=object),
    }
    return xr.Dataset(columns, coordinates)
