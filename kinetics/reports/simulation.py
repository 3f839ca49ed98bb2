"""A simulation as text and for a program: counts over time, doses given by rules, recovery, and what visits show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xarray as xr

from kinetics.expressions.reserved import OBSERVED
from kinetics.measures import TimeToThreshold, observed_recovery
from kinetics.regimen import Rule
from kinetics.reports.course import exploratory, series, time_course_table
from kinetics.reports.recovery import recovery_json, recovery_rows, recovery_table
from kinetics.reports.triggered import triggered_json, triggered_text
from kinetics.results import MEDIAN_AND_95
from kinetics.text.tables import Table
from kinetics.units import parse_unit, written_unit

_QUANTILES = dict(zip(("lower", "values", "upper"), MEDIAN_AND_95, strict=True))


def simulation_text(
    result: xr.Dataset, recovery: Sequence[TimeToThreshold], rules: Sequence[Rule], width: int, *, counts: bool = True
) -> str:
    """Tables of a simulation, its counts over time if asked; ``recovery`` are its measures that are one of an output.

    ``rules`` are those of its regimen, ``width`` is in characters.
    """
    marks = exploratory(result)
    true = f"Time from the first dose of each course to the lower limit of normal, {_who(result)}"
    observed = f"The same as visits show it, noise included, schedule {result.attrs.get('visits')}"
    times = (
        recovery_table(_true_rows(result, recovery), true, exploratory=marks),
        recovery_table(_observed_rows(result, recovery), observed, exploratory=marks),
    )
    parts = [
        simulation_title(result),
        counts_table(result).lines(width) if counts else "",
        triggered_text(result, rules, width) if rules else "",
        *(table.lines(width) for table in times if table.rows),
    ]
    return "\n\n".join(filter(None, parts))


def simulation_title(result: xr.Dataset) -> str:
    """What was simulated: model, cohort, regimen, and whether the typical patient or patients."""
    attrs = result.attrs
    cohort = f"cohort {attrs['cohort']}" if attrs.get("cohort") else ""
    return ", ".join(filter(None, (attrs["model"], cohort, attrs["regimen"], _who(result))))


def _who(result: xr.Dataset) -> str:
    if "patient" not in result.dims:
        return "typical patient"
    return f"median of {result.sizes['patient']} patients [95 % of them]"


def simulation_json(result: xr.Dataset, recovery: Sequence[TimeToThreshold], rules: Sequence[Rule]) -> dict[str, Any]:
    """The same for a program; arguments as of `simulation_text`."""
    content: dict[str, Any] = {key: result.attrs.get(key) for key in ("model", "cohort", "regimen", "seed", "engine")}
    if "patient" in result.dims:
        content["patients"] = result.sizes["patient"]
    outputs = _outputs(result)
    content |= {
        "time": {"unit": result["time"].attrs["units"], "values": result["time"].values.tolist()},
        "outputs": outputs,
        "exploratory": [name for name in exploratory(result) if name in outputs],
        "recovery": recovery_json(_true_rows(result, recovery)),
    }
    if "visits" in result.attrs:
        rows = _observed_rows(result, recovery)
        content |= {"visits": result.attrs["visits"], "seen_recovery": recovery_json(rows)}
    return content | (triggered_json(result, rules) if rules else {})


def _outputs(result: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Unit and values of each output by name; of patients their median and 95 % of them."""
    if "patient" not in result.dims:
        arrays = {name: result[name] for name in series(result)}
        return {name: {"unit": _unit(a), "values": a.values.tolist()} for name, a in arrays.items()}
    quantiles = _over_patients(result)

    def cells(name: str) -> dict[str, Any]:
        array = quantiles[name]
        ends = {key: array.sel(quantile=share).values.tolist() for key, share in _QUANTILES.items()}
        return {"unit": _unit(array), **ends}

    return {name: cells(name) for name in series(quantiles, "quantile")}


def _unit(array: xr.DataArray) -> str:
    return written_unit(parse_unit(array.attrs["units"]))


def counts_table(result: xr.Dataset, title: str = "") -> Table:
    """Outputs over time; of patients their median, and 95 % of them in brackets."""
    if "patient" not in result.dims:
        return time_course_table(result, series(result), (), title)
    quantiles = _over_patients(result)
    median = quantiles.sel(quantile=0.5)
    return time_course_table(median, series(median), (quantiles,), title)


def _over_patients(result: xr.Dataset) -> xr.Dataset:
    """Quantiles over patients, (quantile, time)."""
    names, ends = series(result, "patient"), sorted(_QUANTILES.values())
    # one variable after another: a store may be larger than memory
    arrays = {name: result[name].quantile(ends, dim="patient", skipna=True, keep_attrs=True) for name in names}
    return xr.Dataset(arrays, attrs=result.attrs)


def _true_rows(result: xr.Dataset, recovery: Sequence[TimeToThreshold]) -> list[dict[str, Any]]:
    return recovery_rows(result, {measure.output: measure.name for measure in recovery})


def _observed_rows(result: xr.Dataset, recovery: Sequence[TimeToThreshold]) -> list[dict[str, Any]]:
    """Recovery of each output to its level as visits show it; nothing without visits."""
    measured = [measure for measure in recovery if f"{measure.output}{OBSERVED}" in result and "visits" in result.attrs]
    times = {measure.output: observed_recovery(result, measure.output, measure.level) for measure in measured}
    return recovery_rows(result.assign(times), {output: output for output in times})
