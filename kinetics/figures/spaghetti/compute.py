"""Curves of patients, simulated or counted, and what lies in the middle of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from kinetics.figures.spaghetti.spec import SpaghettiSpec
from kinetics.files.arguments import Progress
from kinetics.patients import PatientData
from kinetics.results import MEDIAN_AND_90
from kinetics.simulation.simulating import simulate
from kinetics.units import unit_text

FEWEST = 10
"""Patients of whom there is a median and a range at a time."""
_POINTS = 400
"""Times at which counts are summarised."""


def patients_tree(spec: SpaghettiSpec, progress: Progress) -> xr.DataTree:
    """The simulated patients at the root, outputs on (patient, time), and the counts of a clinic as ``counts``."""
    header, groups = spec.header, dict[str, Any]()
    if spec.regimen is not None:
        options: dict[str, Any] = {"until": header.until, "every": header.every, "cohort": header.cohort}
        options |= {"patients": header.patients, "seed": header.seed, "progress": progress}
        data = simulate(spec.model, spec.regimen, **options)
        groups["/"] = data[[*spec.outputs, "course_start"]]
    if spec.data is not None:
        groups["counts"] = _counts(spec.data, spec.outputs)
    return xr.DataTree.from_dict(groups)


def _counts(data: PatientData, outputs: list[str]) -> xr.Dataset:
    """Every count on (count,): ``patient``, ``output``, ``unit``, ``time``, ``value`` and ``censored``."""
    rows = [
        (patient.id, each.output, unit_text(data.outputs[each.output]), each.time, each.value, each.is_censored)
        for patient in data
        for each in patient.observations
        if each.output in outputs
    ]
    patient, output, unit, time, value, censored = zip(*rows, strict=True)
    columns: dict[str, Any] = {"patient": patient, "output": output, "unit": unit}
    texts = {name: ("count", np.array(texts, dtype=object)) for name, texts in columns.items()}
    numbers = {"value": ("count", np.array(value)), "censored": ("count", np.array(censored))}
    return xr.Dataset({**texts, **numbers, "time": ("count", np.array(time), {"units": unit_text(data.time)})})


def counted_patients(tree: xr.DataTree) -> int:
    """Of how many patients there are counts."""
    return len(set(tree.children["counts"].to_dataset(inherit=False)["patient"].values.astype(str).tolist()))


def simulated_quantiles(values: np.ndarray) -> np.ndarray:
    """5 %, median and 95 % over patients of values, (patient, time), as (quantile, time)."""
    return np.quantile(values, MEDIAN_AND_90, axis=0)


def counted_quantiles(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, logarithmic: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Times, and 5 %, median and 95 % of the patients that are followed then, (quantile, time).

    Each of the curves, a time and a value a count, is joined by straight lines on the axes that it is drawn on. There
    is no number where fewer than `FEWEST` patients have counts before and after.
    """
    ends = [(float(times[0]), float(times[-1])) for times, _ in curves.values()]
    grid = np.linspace(min(start for start, _ in ends), max(end for _, end in ends), _POINTS)
    rows = []
    for times, values in curves.values():
        heights = np.log(np.maximum(values, np.finfo(float).tiny)) if logarithmic else values
        joined = np.interp(grid, times, heights, left=np.nan, right=np.nan)
        rows.append(np.exp(joined) if logarithmic else joined)
    followed = np.isfinite(rows).sum(axis=0) >= FEWEST
    quantiles = np.full((len(MEDIAN_AND_90), grid.size), np.nan)
    if followed.any():
        quantiles[:, followed] = np.nanquantile(np.array(rows)[:, followed], MEDIAN_AND_90, axis=0)
    return grid, quantiles
