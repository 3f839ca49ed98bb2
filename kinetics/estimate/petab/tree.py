"""The fit of a PEtab problem as a tree: everything that was found, with hashes and provenance."""

# pandas has no complete types
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.estimate.petab.curves import Series
from kinetics.results import provenance, variable
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.estimate.petab.result import PetabFit

ONE = parse_unit("1")


def petab_tree(fit: PetabFit) -> xr.DataTree:
    """Groups on (parameter,), (measurement,), (point,) and (search,), as `PetabFit.tree` says."""
    series = Series(fit.problem)
    groups = {
        "parameters": _parameters(fit),
        "measurements": _measurements(fit, series),
        "curves": _curves(fit, series),
        "searches": _searches(fit),
    }
    if fit.profiles:
        groups["profiles"] = _profiles(fit)
    tree = xr.DataTree.from_dict(groups)
    problem, model = fit.problem, fit.problem.plan.assembled.model
    tree.attrs |= provenance(
        title=problem.name,
        petab=problem.name,
        petab_version=problem.tables.version,
        model=model.name,
        model_hash=model.content_hash,
        data_hash=problem.data_hash,
        file_hashes=json.dumps(problem.file_hashes),
        seed=problem.seed,
        engine="scipy LSODA" if problem.engine == "scipy" else "batch Rodas5P",
        relative_tolerance=problem.objective.tolerances.relative,
        absolute_tolerance=problem.objective.tolerances.absolute,
        log_likelihood=fit.values.llh,
        chi2=fit.values.chi2,
        log_prior=fit.values.log_prior,
        converged=int(fit.best.converged),
        searches_that_agree=fit.agreeing,
        warnings="\n".join(fit.warnings),
    )
    return tree


def _texts(dim: str, values: Sequence[str], long_name: str) -> xr.Variable:
    return xr.Variable(dim, np.array(values, dtype=object), {"long_name": long_name})


def _parameters(fit: PetabFit) -> xr.Dataset:
    table, problem = fit.table(), fit.problem
    columns = {
        name: variable(("parameter",), table[name].to_numpy(dtype=float), ONE, f"{about}, not transformed")
        for name, about in {
            "value": "estimate",
            "lower": "lower end of the 95 % interval",
            "upper": "upper end of the 95 % interval",
            "lower_bound": "lower bound",
            "upper_bound": "upper bound",
        }.items()
    }
    columns["scale"] = _texts("parameter", problem.scales, "scale of the search")
    columns["gradient"] = variable(
        ("parameter",), fit.values.gradient, ONE, "derivative of the log-likelihood at the estimate"
    )
    return xr.Dataset(columns, {"parameter": np.array(problem.names, dtype=object)})


def _measurements(fit: PetabFit, series: Series) -> xr.Dataset:
    problem, values, dims = fit.problem, fit.values, ("measurement",)
    rows, noise = problem.tables.measurements, problem.objective.noise
    lower, upper = noise.scatter(values.noise)
    residuals = noise.terms(values.simulations, values.noise).residuals
    return xr.Dataset(
        {
            "measured": variable(dims, [row.value for row in rows], ONE, "measured value"),
            "lower": variable(dims, lower, ONE, "measured value, a standard deviation of the noise below"),
            "upper": variable(dims, upper, ONE, "measured value, a standard deviation of the noise above"),
            "simulated": variable(dims, values.simulations, ONE, "observable at the estimates"),
            "noise": variable(dims, values.noise, ONE, "scale of the noise at the estimates"),
            "residual": variable(dims, residuals, ONE, "normalised residual, whose squares are chi2"),
            "at": variable(dims, [row.time for row in rows], ONE, "time of the measurement, in that of the model"),
            "series": variable(dims, series.numbers, ONE, "the curve that it belongs to"),
            "observable": _texts("measurement", [row.observable for row in rows], "what is measured"),
            "experiment": _texts("measurement", [row.experiment for row in rows], "in which experiment"),
            "transformation": _texts("measurement", noise.transformation.tolist(), "scale on which noise is added"),
        }
    )


def _curves(fit: PetabFit, series: Series) -> xr.Dataset:
    numbers, times, simulated = series.curves(fit.problem.unscaled(fit.best.end))
    return xr.Dataset(
        {
            "series": variable(("point",), numbers, ONE, "the curve that it belongs to"),
            "at": variable(("point",), times, ONE, "time, in that of the model"),
            "simulated": variable(("point",), simulated, ONE, "observable at the estimates"),
        }
    )


def _searches(fit: PetabFit) -> xr.Dataset:
    both, dims, searches, scales = ("search", "parameter"), ("search",), fit.searches, {"long_name": "on the scales"}
    return xr.Dataset(
        {
            "start": xr.Variable(both, np.array([one.start for one in searches]), scales),
            "end": xr.Variable(both, np.array([one.end for one in searches]), scales),
            "log_posterior": variable(dims, [one.log_posterior for one in searches], ONE, "at the end"),
            "evaluations": variable(dims, [one.evaluations for one in searches], ONE, "of the objective"),
            "converged": variable(dims, [int(one.converged) for one in searches], ONE, "by its criterion"),
        },
        {"parameter": np.array(fit.problem.names, dtype=object)},
    )


def _profiles(fit: PetabFit) -> xr.Dataset:
    """One row a profiled parameter; rows shorter than the longest are filled with NaN."""
    profiles, each = fit.profiles, ("parameter", "point")
    size = max(one.drop.size for one in profiles)
    along = np.full((len(profiles), size, len(fit.problem.names)), np.nan)
    drop = np.full((len(profiles), size), np.nan)
    for row, one in enumerate(profiles):
        along[row, : one.drop.size] = [fit.problem.unscaled(point) for point in one.points]
        drop[row, : one.drop.size] = one.drop
    indices = [one.index for one in profiles]
    ends = np.array([fit.interval(one) for one in profiles])
    return xr.Dataset(
        {
            "value": variable(each, along[np.arange(len(profiles)), :, indices], ONE, "of the profiled parameter"),
            "drop": variable(each, drop, ONE, "log posterior below that of the estimates, the others following"),
            "along": variable((*each, "free"), along, ONE, "all parameters there, not transformed"),
            "lower": variable(("parameter",), ends[:, 0], ONE, "lower end of the 95 % interval, or the bound"),
            "upper": variable(("parameter",), ends[:, 1], ONE, "upper end of the 95 % interval, or the bound"),
            "lower_end": _texts("parameter", [one.lower.state for one in profiles], "closed, open or why not known"),
            "upper_end": _texts("parameter", [one.upper.state for one in profiles], "closed, open or why not known"),
        },
        {
            "parameter": np.array([fit.problem.names[index] for index in indices], dtype=object),
            "free": np.array(fit.problem.names, dtype=object),
        },
    )
