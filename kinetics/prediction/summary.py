"""The recovery times of a prediction as rows, in months."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import xarray as xr

from kinetics.measures import course_windows
from kinetics.prediction.trial_recovery import RECOVERY
from kinetics.results import MEDIAN_AND_95
from kinetics.units import conversion, parse_unit


def recovery_summary(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The recovery times of the typical patient of a prediction as rows.

    Returns
    -------
    list of dict
        ``output``, ``course``, ``window`` (months to the next course or the end), ``months`` at the estimates,
        ``lower`` and ``upper`` (95 % over parameter draws), ``share_recovered`` of the draws that fell below the limit.
        A time is infinite if the limit is not reached again in the window, NaN if the count never fell below it; the
        share is NaN if no draw's did.
    """
    month = _month(tree)
    return [
        {
            **row,
            "months": float(at["estimate"]) * month,
            **_ends(at["quantiles"], "", month),
            "share_recovered": float(at["share_recovered"]),
        }
        for row, at in _courses(tree, "recovery")
    ]


def discrepancy_recovery_summary(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The same with what the model gets wrong: ``lower``, ``upper`` and ``share_recovered`` of those draws."""
    month = _month(tree)
    if "recovery_quantiles" not in tree["discrepancy"]:
        return []
    return [
        {**row, **_ends(at["recovery_quantiles"], "", month), "share_recovered": float(at["recovery_share"])}
        for row, at in _courses(tree, "discrepancy")
    ]


def population_recovery_summary(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The same of the population: the median over patients at risk in months, and two shares.

    Of each number, ``lower`` and ``upper`` (with its name before them if it is a share) are 95 % over parameter draws.
    """
    month = _month(tree)
    return [
        {
            **row,
            "months": float(at["median"]) * month,
            **_ends(at["median_quantiles"], "", month),
            **{
                key: number
                for share in ("share_never", "share_not_at_risk")
                for key, number in {share: float(at[share]), **_ends(at[f"{share}_quantiles"], f"{share}_")}.items()
            },
        }
        for row, at in _courses(tree, "population_recovery")
    ]


def trial_recovery_summary(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The recovery times that a future trial will find, a row an output with a lower limit and course.

    Returns
    -------
    list of dict
        ``output``, ``course``, ``window`` (months), and of each of `kinetics.prediction.trial_recovery.RECOVERY` the
        median over trials in months, and with ``_lower`` and ``_upper`` behind its name the ends of the 95 % prediction
        interval. Infinite if trials do not reach it in the window, NaN if no trial has it.
    """
    month, study = _month(tree), tree["study"].to_dataset()
    rows = []
    for row, _ in _courses(tree, "population_recovery"):
        for statistic in RECOVERY:
            quantiles = study[f"{row['output']}_{statistic}"].sel(course=row["course"])
            row[statistic] = float(quantiles.sel(quantile=0.5)) * month
            row |= _ends(quantiles, f"{statistic}_", month)
        rows.append(row)
    return rows


def _courses(tree: xr.DataTree, group: str) -> Iterator[tuple[dict[str, Any], xr.Dataset]]:
    """Each output and course, and what a group holds of it; nothing if no course was given."""
    recovery, root = tree[group].to_dataset(), tree.to_dataset()
    if "course_start" not in root:
        return
    windows = course_windows(root["course_start"].values, float(root["time"][-1])) * _month(tree)
    for output in recovery["output"].values:
        for course, window in zip(recovery["course"].values, windows, strict=True):
            row = {"output": str(output), "course": int(course), "window": float(window)}
            yield row, recovery.sel(output=output, course=course)


def _ends(quantiles: xr.DataArray, prefix: str, factor: float = 1.0) -> dict[str, float]:
    lower, upper = (float(quantiles.sel(quantile=q)) * factor for q in (MEDIAN_AND_95[0], MEDIAN_AND_95[-1]))
    return {f"{prefix}lower": lower, f"{prefix}upper": upper}


def _month(tree: xr.DataTree) -> float:
    return float(conversion(parse_unit(tree["time"].attrs["units"]), parse_unit("month")))
