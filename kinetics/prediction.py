"""Predictions from a fit: counts and recovery after any courses, with the uncertainty of the parameters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.estimate.estimates import Estimates
from kinetics.measures import TimeToThreshold, course_windows, recovery_measures
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.results import variable
from kinetics.simulation import simulate
from kinetics.units import conversion, parse_unit

__all__ = ["QUANTILES", "predict", "recovery_summary"]

QUANTILES = (0.025, 0.5, 0.975)


def predict(
    estimates: Estimates,
    regimen: Regimen | str,
    *,
    until: str,
    every: str,
    cohort: str | None = None,
    draws: int = 200,
    patients: int | None = None,
    seed: int = 0,
    states: bool = False,
    engine: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> xr.DataTree:
    """Predict counts and recovery times.

    Parameters
    ----------
    estimates : Estimates
        A fit's, committed or fresh.
    regimen : Regimen or str
        What is given, or its name; ``regimen + course.at("36 month")`` for a retreatment.
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
    engine : {"auto", "scipy", "batch"}
        ``auto`` takes the batch engine for draws and patients.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    xarray.DataTree
        The root: the typical patient at the estimates, outputs on (time). ``draws``: outputs on (draw, time).
        ``interval``: outputs on (quantile, time) at 2.5, 50 and 97.5 %. ``recovery``: time to the lower limit of normal
        after each course, on (output, course) and (quantile, output, course), and the share that recovers of the draws
        that fell below it. ``patients``, if asked: outputs on (patient, time).

    Raises
    ------
    InputError
        If cohort and fit do not belong together, or names or units are wrong, or the regimen has no course.

    Warns
    -----
    UserWarning
        If the model has changed since the fit.
    """
    if draws < 2:
        raise InputError("draws must be at least 2")
    regimen = Regimen.load(regimen) if isinstance(regimen, str) else regimen
    if not regimen.courses:
        raise InputError("a prediction needs a regimen with a course: without one there is no recovery to predict")
    model = Model.load(estimates.model)
    if estimates.facts.get("model_hash", model.content_hash) != model.content_hash:
        message = f"model '{model.name}' has changed since fit '{estimates.fit}'; run 'kinetics fit' again"
        warnings.warn(message, stacklevel=2)
    name = cohort or estimates.cohort
    if not name:
        raise InputError(f"fit '{estimates.fit}' estimates several cohorts; name one")
    chain = chain_of_fits(model, estimates, name)
    typical = estimated_cohort(model, chain, name).values
    drawn_values = [drawn.values for drawn in drawn_cohorts(compile_model(model), chain, name, draws, seed)]
    measures = recovery_measures(model, typical)
    total, done = 1 + draws + (patients or 0), 0

    def advance(step: int, _: int) -> None:
        if progress is not None:
            progress(done + step, total)

    common: dict[str, Any] = {"until": until, "every": every, "cohort": name, "states": states, "engine": engine}
    common["measures"] = measures
    root = simulate(model, regimen, parameters=typical, progress=advance, **common)
    done = 1
    drawn = simulate(model, regimen, parameters=drawn_values, progress=advance, **common)
    done += draws
    groups = {"draws": drawn, "interval": _interval(drawn), "recovery": _recovery(root, drawn, measures)}
    if patients is not None:
        groups["patients"] = simulate(
            model, regimen, parameters=typical, patients=patients, seed=seed, progress=advance, **common
        )
    tree = xr.DataTree.from_dict({"/": root, **groups})
    tree.attrs |= {"fits": ", ".join(fit.fit for fit in chain), "seed": seed, "draws": draws}
    return tree


def recovery_summary(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The recovery times of a prediction as rows.

    Returns
    -------
    list of dict
        ``output``, ``course``, ``window`` (months to the next course or the end), ``months`` at the estimates,
        ``lower`` and ``upper`` (95 % over parameter draws), ``share_recovered`` of the draws that fell below the limit.
        A time is infinite if the limit is not reached again in the window, NaN if the count never fell below it; the
        share is NaN if no draw's did.
    """
    recovery = tree["recovery"].to_dataset()
    month = float(conversion(parse_unit(tree["time"].attrs["units"]), parse_unit("month")))
    root = tree.to_dataset()
    windows = course_windows(root["course_start"].values, float(root["time"][-1])) * month
    rows = []
    for output in recovery["output"].values:
        for course in recovery["course"].values:
            at = recovery.sel(output=output, course=course)
            lower, upper = (float(at["quantiles"].sel(quantile=q)) * month for q in (QUANTILES[0], QUANTILES[-1]))
            rows.append(
                {
                    "output": str(output),
                    "course": int(course),
                    "window": float(windows[int(course) - 1]),
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
    """Recovery times stacked over outputs."""
    unit, one = parse_unit(root["time"].attrs["units"]), parse_unit("1")
    outputs, courses = [measure.output for measure in measures], root["course"]
    estimate = np.array([root[measure.name].values for measure in measures]).reshape(len(outputs), courses.size)
    over_draws = [_over_draws(column) for measure in measures for column in drawn[measure.name].values.T]
    table = np.array(over_draws).reshape(len(outputs), courses.size, len(QUANTILES) + 1)
    long_name = "time from the course's first dose to the lower limit of normal"
    return xr.Dataset(
        {
            "estimate": variable(("output", "course"), estimate, unit, f"{long_name}, at the estimates"),
            "quantiles": variable(
                ("quantile", "output", "course"),
                np.moveaxis(table[:, :, :-1], -1, 0),
                unit,
                f"{long_name}, over parameter draws; one that does not recover is later than any that does",
            ),
            "share_recovered": variable(
                ("output", "course"),
                table[:, :, -1],
                one,
                "share that recovers, of the draws that fell below the limit",
            ),
        },
        {
            "output": outputs,
            "course": courses,
            "quantile": ("quantile", list(QUANTILES), {"units": "1", "long_name": "quantile over parameter draws"}),
        },
    )


def _over_draws(times: np.ndarray) -> list[float]:
    """Quantiles of the times of the draws at risk, (draw,), then the share that recovers; NaN if none is at risk."""
    at_risk = times[~np.isnan(times)]
    if not at_risk.size:
        return [np.nan] * (len(QUANTILES) + 1)
    quantiles = np.quantile(at_risk, QUANTILES, method="inverted_cdf")
    return [*quantiles.tolist(), float(np.isfinite(at_risk).mean())]
