"""The groups of a prediction: counts, recovery, and a future trial, as datasets with units.

The root is the typical patient at the estimates, outputs on (time). ``draws``: outputs on (draw, time). ``interval``:
outputs on (quantile, time) at 2.5, 50 and 97.5 %. ``recovery``: time to the lower limit of normal after each course, on
(output, course) and (quantile, output, course), and the share that recovers of the draws that fell below it.

With patients, ``patients``: outputs on (patient, time), points of a Sobol sequence. ``over_patients``: outputs on
(quantile, time), over patients at the estimates. ``over_parameters``: outputs on (patient_quantile, quantile, time):
the 5th, 50th and 95th percentile over patients, each at 2.5, 50 and 97.5 % over draws. ``population_recovery``:
``median`` time to the lower limit over patients at risk, ``share_never`` of those at risk and ``share_not_at_risk`` of
all on (output, course), and each with ``_quantiles`` behind its name on (quantile, output, course), over draws.

``study``, with a future trial: over parameters, patients and noise, ``OUTPUT_mean``, ``OUTPUT_sd``, ``OUTPUT_median``
and, for an output with a lower limit, ``OUTPUT_share_below`` and ``OUTPUT_share_recovered``, the share seen back since
the course began, on (quantile, time); ``OUTPUT_recovery_mean``, ``OUTPUT_recovery_geometric_mean`` and
``OUTPUT_recovery_median``, times from the course's first dose, on (quantile, course).

``discrepancy``, if the fit was cross-validated: what the model gets wrong too. Outputs on (quantile, time) of the
typical patient over draws of the parameters and of the discrepancy; ``OUTPUT_log_sd`` on (time), the standard deviation
of the logarithm by the discrepancy alone; ``recovery_quantiles`` on (quantile, output, course), and ``recovery_share``.
With patients ``OUTPUT_population_median`` on (quantile, time), ``OUTPUT_recovery_median_of_patients`` and
``OUTPUT_share_never`` on (quantile, course). With a future trial every variable of ``study``.

Every variable has its unit in ``attrs["units"]``. Quantiles over draws or trials have ``monte_carlo_error``: the
standard error of the ends of the 95 % intervals of the variable as a share of their width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from kinetics.measures.patient_statistics import censored_quantiles, curve_quantiles
from kinetics.prediction.monte_carlo import interval_error
from kinetics.prediction.over_draws import PERCENTILES, Drawn, Numbers
from kinetics.prediction.population import PATIENTS, TOLERANCES, Population
from kinetics.prediction.trial import FutureTrial
from kinetics.prediction.trial_counts import MOMENTS
from kinetics.prediction.trial_recovery import RECOVERY
from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import Unit, parse_unit

OVER_PATIENTS = (0.025, 0.05, 0.5, 0.95, 0.975)
"""Quantiles over patients at the estimates."""
ONE = parse_unit("1")
LABELS = {
    "mean": "mean",
    "sd": "standard deviation",
    "median": "median",
    "share_below": "share below the lower limit",
    "share_recovered": "share seen back at the lower limit since the course began",
    "recovery_mean": "mean time of those seen back at the lower limit",
    "recovery_geometric_mean": "geometric mean of the times of those seen back at the lower limit",
    "recovery_median": "median time until patients are seen back at the lower limit",
}
"""What each statistic of a future trial is."""


def over_patients(population: Population, rows: Sequence[Any], time: xr.DataArray) -> xr.Dataset:
    """Quantiles of each quantity over patients at the estimates, (quantile, time)."""
    values, dims = population.quantiles(OVER_PATIENTS), ("quantile", "time")
    data = {row.name: _counts(dims, values[..., i], row, "over patients") for i, row in enumerate(rows)}
    coords = {"quantile": _quantile("quantile", OVER_PATIENTS, "quantile over patients at the estimates")}
    return xr.Dataset(data, coords | {"time": time}, {"patients": len(population.values), "failed": population.failed})


def over_parameters(drawn: Drawn, rows: Sequence[Any], time: xr.DataArray) -> xr.Dataset:
    """Quantiles over draws of the percentiles over patients, (patient_quantile, quantile, time)."""
    values, dims = np.moveaxis(_linear(drawn.counts.drawn), 0, 1), ("patient_quantile", "quantile", "time")
    label = "quantile over patients, over parameter draws"
    coords = {
        "patient_quantile": _quantile("patient_quantile", PERCENTILES, "quantile over patients"),
        "quantile": _quantile("quantile", MEDIAN_AND_95, "quantile over parameter draws"),
        "time": time,
    }
    data = {row.name: _counts(dims, values[..., i], row, label) for i, row in enumerate(rows)}
    for index, row in enumerate(rows):
        data[row.name].attrs |= _error(drawn, drawn.counts, (..., index))
    return xr.Dataset(data, coords, _facts(drawn))


def population_recovery(
    population: Population, drawn: Drawn, outputs: Sequence[str], time_unit: Unit, course: xr.DataArray
) -> xr.Dataset:
    """Of `Population.recovered`: (output, course) at the estimates, (quantile, output, course) over draws."""
    labels = {
        "median": (time_unit, "median over patients at risk of the time to the lower limit of normal"),
        "share_never": (ONE, "share that does not recover in the window, of the patients at risk"),
        "share_not_at_risk": (ONE, "share of patients that are never below the limit"),
    }
    estimates, data = population.recovered(), {}
    for number, (name, (unit, long_name)) in enumerate(labels.items()):
        over_draws = drawn.recovery.drawn[:, number]
        table = censored_quantiles(over_draws, MEDIAN_AND_95) if name == "median" else _linear_of_each(over_draws)
        data[name] = variable(("output", "course"), estimates[number], unit, f"{long_name}, at the estimates")
        dims = ("quantile", "output", "course")
        data[f"{name}_quantiles"] = variable(dims, table, unit, f"{long_name}, over parameter draws")
        data[f"{name}_quantiles"].attrs |= _error(drawn, drawn.recovery, (number,))
    quantile = _quantile("quantile", MEDIAN_AND_95, "quantile over parameter draws")
    return xr.Dataset(data, {"output": list(outputs), "course": course, "quantile": quantile}, _facts(drawn))


def trial_group(drawn: Drawn, trial: FutureTrial, time: xr.DataArray, course: xr.DataArray) -> xr.Dataset:
    """Quantiles over future trials of each statistic of each output, (quantile, time) and (quantile, course)."""
    moments, below, back, times = (drawn.trials[name] for name in ("moments", "below", "back", "times"))
    of_time, data = ("quantile", "time"), dict[str, xr.Variable]()

    def add(name: str, dims: tuple[str, ...], numbers: Numbers, at: tuple[Any, ...], output: Any, unit: Unit) -> None:
        chosen = numbers.drawn[(slice(None), *at)]
        table = _linear_of_each(chosen) if dims == of_time else censored_quantiles(chosen, MEDIAN_AND_95)
        long_name = f"{output.about or output.name}, {LABELS[name]} of a future trial"
        values = variable(dims, table, unit, long_name, exploratory=output.exploratory)
        values.attrs |= _error(drawn, numbers, at)
        data[f"{output.name}_{name}"] = values

    for index, output in enumerate(trial.counts.outputs):
        for number, statistic in enumerate(MOMENTS):
            add(statistic, of_time, moments, (number, slice(None), index), output, output.unit)
        if output.name in trial.counts.limits:
            add("share_below", of_time, below, (slice(None), index), output, ONE)
    for index, limited in enumerate(trial.recovery.outputs):
        output = trial.counts.outputs[limited.column]
        add("share_recovered", of_time, back, (index,), output, ONE)
        for number, statistic in enumerate(RECOVERY):
            unit = parse_unit(time.attrs["units"])
            add(statistic, ("quantile", "course"), times, (number, index), output, unit)
    quantile = _quantile("quantile", MEDIAN_AND_95, "quantile over future trials")
    facts = {"patients": trial.patients, "studies": len(moments.drawn), **_facts(drawn)}
    return xr.Dataset(data, {"quantile": quantile, "time": time, "course": course}, facts)


def _error(drawn: Drawn, numbers: Numbers, at: tuple[Any, ...]) -> dict[str, float]:
    """The Monte-Carlo error of some of the numbers, which is an attribute."""
    chosen = numbers.drawn[(slice(None), *at)]
    return {"monte_carlo_error": interval_error(chosen, drawn.draws, numbers.of_patients[at])}


def _counts(dims: tuple[str, ...], values: np.ndarray, row: Any, label: str) -> xr.Variable:
    exploratory = getattr(row, "exploratory", False)
    return variable(dims, values, row.unit, f"{row.about or row.name}, {label}", exploratory=exploratory)


def _facts(drawn: Drawn) -> dict[str, Any]:
    return {
        "draws": drawn.draws,
        "patients_per_draw": PATIENTS,
        "relative_tolerance": TOLERANCES.relative,
        "absolute_tolerance": TOLERANCES.absolute,
    }


def _linear(drawn: np.ndarray) -> np.ndarray:
    """`MEDIAN_AND_95` over draws that have numbers, (draw, ...); NaN if none has."""
    return curve_quantiles(drawn[~np.isnan(drawn).reshape(len(drawn), -1).any(axis=1)], MEDIAN_AND_95)


def _linear_of_each(drawn: np.ndarray) -> np.ndarray:
    """`_linear` of each output and course, (draw, output, course), which need not all have a number in a draw."""
    table = np.empty((len(MEDIAN_AND_95), *drawn.shape[1:]))
    for index in np.ndindex(drawn.shape[1:]):
        table[:, *index] = _linear(drawn[:, *index])
    return table


def _quantile(name: str, values: Sequence[float], long_name: str) -> xr.Variable:
    return variable((name,), list(values), ONE, long_name)
