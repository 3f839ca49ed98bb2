"""Predictions from a fit: counts and recovery after any courses, with the uncertainty of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.estimate.draws import chain_of_fits, parameter_draws, typical_values
from kinetics.estimate.estimates import Estimates
from kinetics.measures import TimeToThreshold
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.results import variable
from kinetics.simulation import simulate
from kinetics.units import conversion, parse_unit, unit_text

__all__ = ["QUANTILES", "predict", "recovery_summary"]

QUANTILES = (0.025, 0.5, 0.975)


def predict(
    estimates: Estimates,
    regimen: Regimen,
    *,
    until: str,
    every: str,
    cohort: str | None = None,
    draws: int = 200,
    patients: int | None = None,
    seed: int = 0,
    states: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> xr.DataTree:
    """Predict counts and recovery times.

    Parameters
    ----------
    estimates : Estimates
        A fit's, committed or fresh.
    regimen : Regimen
        What is given; ``ms_licensed + course.at("36 month")`` for a retreatment.
    until, every : str
        Quantities of time.
    cohort : str, optional
        The cohort; by default the one the fit estimates.
    draws : int
        Parameter sets drawn from the covariances of the fits behind the cohort.
    patients : int, optional
        Add virtual patients of the cohort, at the estimates.
    seed : int
        Of draws and patients.
    states : bool
        Return every state beside the outputs.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    xarray.DataTree
        The root: the typical patient at the estimates, outputs on (time). ``draws``: outputs on (draw, time). ``interval``: outputs on (quantile, time) at 2.5, 50
        and 97.5 %. ``recovery``: time to the lower limit of normal after each course, on (course) and (quantile, course), and the share of draws that
        recover. ``patients``, if asked: outputs on (patient, time).

    Raises
    ------
    InputError
        If cohort and fit do not belong together, or names or units are wrong.
    """
    if draws < 2:
        raise InputError("draws must be at least 2")
    model = Model.load(estimates.model)
    name = cohort or estimates.cohort
    if not name:
        raise InputError(f"fit '{estimates.fit}' estimates several cohorts; name one")
    system = compile_model(model)
    chain = chain_of_fits(system, estimates, name)
    typical = typical_values(system, chain, name)
    measures = recovery_measures(model, typical)
    total, done = 1 + draws + (patients or 0), 0

    def advance(step: int, _: int) -> None:
        if progress is not None:
            progress(done + step, total)

    common: dict[str, Any] = {"until": until, "every": every, "cohort": name, "states": states, "measures": measures}
    root = simulate(model, regimen, parameters=typical, progress=advance, **common)
    done = 1
    drawn = simulate(
        model, regimen, parameters=parameter_draws(system, chain, name, draws, seed), progress=advance, **common
    )
    done += draws
    groups = {"draws": drawn, "interval": _interval(drawn), "recovery": _recovery(root, drawn, measures)}
    if patients:
        groups["patients"] = simulate(
            model, regimen, parameters=typical, patients=patients, seed=seed, progress=advance, **common
        )
    tree = xr.DataTree.from_dict({"/": root, **groups})
    tree.attrs |= {"fits": ", ".join(fit.fit for fit in chain), "seed": seed, "draws": draws}
    return tree


def recovery_measures(model: Model, values: dict[str, float]) -> list[TimeToThreshold]:
    """Time to the lower limit of normal of every output that has one, at the given parameter values."""
    return [
        TimeToThreshold(output.name, f"{values[output.lower_limit]!r} {unit_text(model.parameters[output.lower_limit].unit)}")
        for output in model.outputs.values()
        if output.lower_limit is not None
    ]


def recovery_summary(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The recovery times of a prediction as rows.

    Returns
    -------
    list of dict
        ``output``, ``course``, ``months`` at the estimates, ``lower`` and ``upper`` (95 % over parameter draws), ``share_recovered`` of the draws. A time is
        infinite if the limit is not reached again before the next course or the end, NaN if the count never fell below it.
    """
    recovery = tree["recovery"].to_dataset()
    month = float(conversion(parse_unit(tree["time"].attrs["units"]), parse_unit("month")))
    rows = []
    for output in recovery["output"].values:
        for course in recovery["course"].values:
            at = recovery.sel(output=output, course=course)
            lower, upper = (float(at["quantiles"].sel(quantile=q)) * month for q in (QUANTILES[0], QUANTILES[-1]))
            rows.append(
                {
                    "output": str(output),
                    "course": int(course),
                    "months": float(at["estimate"]) * month,
                    "lower": lower,
                    "upper": upper,
                    "share_recovered": float(at["share_recovered"]),
                }
            )
    return rows


def _interval(drawn: xr.Dataset) -> xr.Dataset:
    names = [name for name, array in drawn.data_vars.items() if array.dims == ("draw", "time")]
    interval = drawn[names].quantile(list(QUANTILES), dim="draw", skipna=True, keep_attrs=True)
    interval["quantile"].attrs |= {"long_name": "quantile over parameter draws", "units": "1"}
    return interval


def _recovery(root: xr.Dataset, drawn: xr.Dataset, measures: list[TimeToThreshold]) -> xr.Dataset:
    """Recovery times stacked over outputs; quantiles count a draw that does not recover as later than any that does."""
    names = [measure.name for measure in measures]
    times = np.stack([drawn[name].values for name in names])
    at_risk = ~np.isnan(times)
    with np.errstate(invalid="ignore"):
        ordered = np.nanquantile(np.where(at_risk, times, np.nan), QUANTILES, axis=1, method="inverted_cdf")
        share = np.isfinite(times).sum(axis=1) / np.maximum(at_risk.sum(axis=1), 1)
    unit = parse_unit(root["time"].attrs["units"])
    return xr.Dataset(
        {
            "estimate": variable(("output", "course"), np.stack([root[n].values for n in names]), unit, "time to the lower limit of normal"),
            "quantiles": variable(("quantile", "output", "course"), ordered, unit, "the same over parameter draws"),
            "share_recovered": variable(("output", "course"), share, parse_unit("1"), "share of draws that recover"),
        },
        {
            "output": [measure.output for measure in measures],
            "course": root["course"],
            "quantile": ("quantile", list(QUANTILES), {"units": "1", "long_name": "quantile over parameter draws"}),
        },
    )
