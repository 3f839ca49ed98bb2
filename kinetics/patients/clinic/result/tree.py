"""A clinic's fit as a tree of datasets: its own groups, and those that ArviZ reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.patients.clinic.result.occasions import covariance_table, occasion_groups
from kinetics.patients.clinic.result.visits import check_table, residual_table
from kinetics.patients.population.individual_curves import individual_curves
from kinetics.patients.population.population_prediction import population_prediction
from kinetics.patients.population.predictions import TOLERANCES
from kinetics.results import provenance, variable
from kinetics.units import parse_unit, unit_text

if TYPE_CHECKING:
    from kinetics.patients.clinic.result.clinic_fit import ClinicFit

ONE = parse_unit("1")


def fit_tree(fit: ClinicFit) -> xr.DataTree:
    """Everything that `ClinicFit.tree` lists."""
    from kinetics.patients.clinic.result.for_arviz import arviz_groups

    groups = {
        "population": _population(fit),
        "covariance": _covariance(fit),
        "between_patients": covariance_table(fit.values.individuals, fit.effects, "between patients"),
        "individuals": _individuals(fit),
        **occasion_groups(fit),
        "visits": residual_table(fit),
        "individual_fits": individual_curves(fit.patients.patients, fit.conclusions.modes.random),
        "population_prediction": population_prediction(fit.patients.patients, fit.problem.seed),
        "visual_predictive_check": check_table(fit),
        "trace": _trace(fit),
        "objective": xr.Dataset({name: variable((), value, ONE, about) for name, (value, about) in fit.objectives}),
        "shrinkage": _shrinkage(fit),
        **arviz_groups(fit),
    }
    tree, problem = xr.DataTree.from_dict(groups), fit.problem
    tree.attrs |= provenance(
        model=problem.model.reference,
        model_hash=problem.model.content_hash,
        data_hash=problem.data.content_hash,
        problem_hash=problem.content_hash,
        clinic=problem.name,
        cohort=problem.cohort.name or None,
        cohort_hash=problem.cohort.content_hash,
        title=problem.title or None,
        about=problem.about or None,
        errors="; ".join(f"{output}: {kind}" for output, kind in problem.errors.kinds.items()),
        method=problem.method,
        prior_patients=problem.prior,
        seed=problem.seed,
        engine="batch Rodas5P",
        relative_tolerance=TOLERANCES.relative,
        absolute_tolerance=TOLERANCES.absolute,
        converged=int(fit.converged),
        message=fit.estimate.message,
        standard_errors=problem.algorithm.standard_errors,
        warnings="; ".join(fit.warnings),
    )
    return tree


def _texts(values: object) -> np.ndarray:
    return np.array([*map(str, values)], dtype=object)  # pyright: ignore[reportArgumentType]


def _population(fit: ClinicFit) -> xr.Dataset:
    rows = fit.rows
    numbers = {
        "estimate": "estimate",
        "standard_error": "standard error, NaN for a value that is held",
        "lower": "lower end of the 95 % interval",
        "upper": "upper end of the 95 % interval",
        "start": "where the search began",
    }
    columns = {
        name: xr.Variable("value", [getattr(row, name) for row in rows], {"long_name": f"{about}, in its own unit"})
        for name, about in numbers.items()
    }
    columns["unit"] = xr.Variable("value", _texts(unit_text(row.unit) for row in rows))
    columns["kind"] = xr.Variable("value", _texts(row.kind for row in rows))
    columns["held"] = variable(("value",), [int(row.held) for row in rows], ONE, "whether it is not estimated")
    return xr.Dataset(columns, {"value": _texts(row.name for row in rows)})


def _covariance(fit: ClinicFit) -> xr.Dataset:
    """Of the estimates that are not held; typical values are on their normal scales."""
    known, square = fit.conclusions.uncertainty, ("value", "value_2")
    names, deviations = _texts(known.names), np.sqrt(np.diag(known.covariance))
    about = "of the estimates; of typical values on the scales on which patients are normal"
    return xr.Dataset(
        {
            "covariance": xr.Variable(square, known.covariance, {"long_name": f"covariance {about}"}),
            "correlation": variable(
                square, known.covariance / np.outer(deviations, deviations), ONE, f"correlation {about}"
            ),
        },
        {"value": names, "value_2": names},
    )


def _individuals(fit: ClinicFit) -> xr.Dataset:
    """Parameters of each patient at the conditional mode, each in its unit, with the random effects.

    Parameters that differ between occasions are those of an occasion without effects of its own.
    """
    model, found, own = fit.clinic.model, fit.conclusions, len(fit.effects)
    of_patients = np.where(np.arange(model.n_random) < own, found.modes.random, 0.0)
    table = model.individual_parameters(fit.values, of_patients)[:, 0]
    columns = {
        one.flat: variable(("patient",), table[:, index], one.unit, f"{one.name} at the conditional mode")
        for index, one in enumerate(fit.problem.parameters)
    }
    each, about = ("patient", "effect"), "random effect, on the normal scale of its parameter"
    deviations = np.sqrt(np.diagonal(found.covariances, axis1=1, axis2=2))[:, :own]
    columns["random_effect"] = xr.Variable(
        each, of_patients[:, :own], {"long_name": f"conditional mode of the {about}"}
    )
    columns["random_effect_sd"] = xr.Variable(
        each, deviations, {"long_name": f"standard deviation about it of the {about}"}
    )
    columns["converged"] = variable(
        ("patient",), found.modes.converged.astype(np.int8), ONE, "whether the mode was found"
    )
    return xr.Dataset(columns, {"patient": _texts(model.observations.ids), "effect": _texts(fit.effects)})


def _trace(fit: ClinicFit) -> xr.Dataset:
    names, trace = _texts(fit.clinic.model.coordinates.names), fit.estimate.trace
    what = "iteration of SAEM" if fit.problem.method == "SAEM" else "evaluation of the objective"
    return xr.Dataset(
        {
            "values": xr.Variable(
                ("step", "value"), trace, {"long_name": f"values at each {what}, typical ones on their normal scales"}
            ),
            "objective": variable(
                ("step",), fit.estimate.objective, ONE, "objective with all constants; NaN for SAEM, which has none"
            ),
        },
        {"step": np.arange(1, len(trace) + 1), "value": names},
    )


def _shrinkage(fit: ClinicFit) -> xr.Dataset:
    effects, of_occasions, residuals = fit.shrinkage
    of_effects = "1 - SD(conditional mode)/SD(population)"
    columns = {
        "random_effects": variable(("effect",), [*effects.values()], ONE, of_effects),
        "residuals": variable(("output",), [*residuals.values()], ONE, "1 - SD(IWRES)"),
    }
    names = {"effect": _texts(effects), "output": _texts(residuals)}
    if of_occasions:
        columns["occasion_effects"] = variable(("occasion_effect",), [*of_occasions.values()], ONE, of_effects)
        names["occasion_effect"] = _texts(of_occasions)
    return xr.Dataset(columns, names)
