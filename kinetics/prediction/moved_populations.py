"""Populations and future trials of a prediction, moved by what the model gets wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from kinetics.measures import course_windows
from kinetics.measures.patient_statistics import censored_quantiles, curve_quantiles
from kinetics.model import Model
from kinetics.model.quantities import Output
from kinetics.prediction.over_draws import PERCENTILES, Drawn
from kinetics.prediction.trial_counts import MOMENTS
from kinetics.prediction.trial_recovery import RECOVERY
from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import parse_unit

ONE = parse_unit("1")
OVER = "over parameter draws and the discrepancy of the model"


class Offsets(NamedTuple):
    """Of each draw, (draw, output, time): of the logarithm of counts, of those of a trial, and of times of recovery; of
    the logit of shares.
    """

    counts: np.ndarray
    counts_of_trial: np.ndarray
    shares: np.ndarray
    times: np.ndarray


def moved_population(
    drawn: Drawn, outputs: Sequence[Output], model: Model, offsets: Offsets, root: xr.Dataset
) -> dict[str, xr.Variable]:
    """Quantiles over draws of medians over patients, and of what a future trial finds, with the discrepancy.

    ``root`` is the typical patient, with the times and courses of the prediction. Limited outputs, which recover, are
    in the order of the model.
    """
    limited = [output.name for output in model.outputs.values() if output.lower_limit is not None]
    data, columns = dict[str, xr.Variable](), list(model.outputs)
    ends = _last_times(root)
    for index, output in enumerate(outputs):
        own = Offsets(*(each[:, index] for each in offsets))
        median = drawn.counts.drawn[:, PERCENTILES.index(0.5), :, columns.index(output.name)] * np.exp(own.counts)
        label = f"median over patients, {OVER}"
        data[f"{output.name}_population_median"] = known_quantiles(median, output, label)
        if drawn.trials:
            data |= _counts_of_trial(drawn, columns.index(output.name), output, own)
        if output.name in limited:
            row = limited.index(output.name)
            data |= dict(_recovery(drawn, row, output, own, ends, root))
            if drawn.trials:
                data |= dict(_recovery_of_trial(drawn, row, output, own, root))
    return data


def known_quantiles(values: np.ndarray, output: Output, label: str, unit: Any = None) -> xr.Variable:
    """`MEDIAN_AND_95` over draws, (draw, time), that have numbers, by default in the unit of the output."""
    known = values[~np.isnan(values).any(axis=1)]
    table = curve_quantiles(known, MEDIAN_AND_95)
    long_name = f"{output.about or output.name}, {label}"
    own = output.unit if unit is None else unit
    return variable(("quantile", "time"), table, own, long_name, exploratory=output.exploratory)


def moved_share(shares: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Shares by an offset of their logit; none and all stay.

    >>> moved_share(np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.0, -1.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    with np.errstate(divide="ignore"):
        return expit(logit(shares) + offsets)


def _counts_of_trial(drawn: Drawn, column: int, output: Output, offsets: Offsets) -> dict[str, xr.Variable]:
    """Moments, and the share below the limit, over trials."""
    moments, label = drawn.trials["moments"].drawn[..., column], f"of a future trial, {OVER}"
    moved = moments * np.exp(_of_trials(drawn, offsets.counts_of_trial))[:, None]
    data = {
        f"{output.name}_{statistic}": known_quantiles(moved[:, number], output, f"{statistic} {label}")
        for number, statistic in enumerate(MOMENTS)
    }
    if output.lower_limit is not None:
        below = moved_share(drawn.trials["below"].drawn[..., column], _of_trials(drawn, offsets.shares))
        data[f"{output.name}_share_below"] = known_quantiles(below, output, f"share below the limit {label}", ONE)
    return data


def _recovery(
    drawn: Drawn, row: int, output: Output, offsets: Offsets, ends: np.ndarray, root: xr.Dataset
) -> Iterator[tuple[str, xr.Variable]]:
    """The median time over patients at risk, and the share of them that never recover, (quantile, course)."""
    median, never, _ = (drawn.recovery.drawn[:, number, row] for number in range(3))
    yield f"{output.name}_recovery_median_of_patients", _times(median, offsets.times, output, "median", root)
    moved, label = moved_share(never, offsets.shares[:, ends]), "share that does not recover in the window"
    table = np.stack([_quantiles(of_course) for of_course in moved.T], axis=1)
    yield f"{output.name}_share_never", variable(("quantile", "course"), table, ONE, f"{label}, {OVER}")


def _recovery_of_trial(
    drawn: Drawn, row: int, output: Output, offsets: Offsets, root: xr.Dataset
) -> Iterator[tuple[str, xr.Variable]]:
    """The share seen back by time, and `RECOVERY`, over trials."""
    back = moved_share(drawn.trials["back"].drawn[:, row], _of_trials(drawn, offsets.shares))
    label = f"share seen back of a future trial, {OVER}"
    table = np.stack([_quantiles(of_time) for of_time in back.T], axis=1)
    yield f"{output.name}_share_recovered", variable(("quantile", "time"), table, ONE, label)
    later = _of_trials(drawn, offsets.times)
    for number, statistic in enumerate(RECOVERY):
        of_statistic = drawn.trials["times"].drawn[:, number, row]
        yield f"{output.name}_{statistic}", _times(of_statistic, later, output, statistic, root)


def _times(times: np.ndarray, offsets: np.ndarray, output: Output, label: str, root: xr.Dataset) -> xr.Variable:
    """Quantiles of times of recovery, (draw, course), moved by offsets, (draw, time), as they are then.

    A time that is moved behind the window of its course is infinite.
    """
    at, starts = root["time"].values, root["course_start"].values
    windows = course_windows(starts, float(at[-1]))
    reached = starts + np.where(np.isfinite(times), times, windows)
    then = np.stack(
        [
            [np.interp(reached, at, own) for reached, own in zip(of_course, offsets, strict=True)]
            for of_course in reached.T
        ],
        axis=1,
    )
    moved = times * np.exp(then)
    moved = np.where(moved <= windows, moved, np.where(np.isnan(moved), np.nan, np.inf))
    unit, long_name = parse_unit(root["time"].attrs["units"]), f"{output.name}, {label} time of recovery, {OVER}"
    return variable(("quantile", "course"), censored_quantiles(moved, MEDIAN_AND_95), unit, long_name)


def _quantiles(values: np.ndarray) -> np.ndarray:
    """`MEDIAN_AND_95` of those that are numbers; NaN without any."""
    known = values[~np.isnan(values)]
    return np.quantile(known, MEDIAN_AND_95) if known.size else np.full(len(MEDIAN_AND_95), np.nan)


def _of_trials(drawn: Drawn, offsets: np.ndarray) -> np.ndarray:
    """Offsets of draws, (draw, ...), for every trial of each draw."""
    return np.repeat(offsets, len(drawn.trials["moments"].drawn) // drawn.draws, axis=0)


def _last_times(root: xr.Dataset) -> np.ndarray:
    """Which time is the last in the window of each course, (course,)."""
    times, starts = root["time"].values, root["course_start"].values
    return np.maximum(np.searchsorted(times, np.append(starts[1:], np.inf), side="left") - 1, 0)
