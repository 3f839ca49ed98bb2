"""Means over a simulated population, under each regimen of a figure."""

from __future__ import annotations

import numpy as np
import xarray as xr

from kinetics.figures.facts.spec import FactsSpec
from kinetics.files.arguments import Progress
from kinetics.simulation.simulating import simulate


def population_means(spec: FactsSpec, progress: Progress) -> xr.Dataset:
    """Simulate the population of every arm; committed estimates are those of the cohort.

    Returns, over (arm, time), of each output the mean over patients in its unit, and with ``_of_baseline`` behind its
    name that of what each patient has of the own value before treatment.
    """
    header = spec.header
    means: list[xr.Dataset] = []
    outputs = list(dict.fromkeys(row.output for row in spec.curves))
    for done, (regimen, cohort) in enumerate(spec.arms.values(), 1):
        data = simulate(
            spec.model,
            regimen,
            until=header.until,
            every=header.every,
            cohort=cohort,
            patients=header.patients,
            seed=header.seed,
            sampling="quasi",
        )
        means.append(_means(data[outputs]))
        progress(done, len(spec.arms))
    arms = xr.DataArray(list(spec.arms), dims="arm", name="arm")
    return xr.concat(means, arms, combine_attrs="drop")


def _means(data: xr.Dataset) -> xr.Dataset:
    relative = data / data.isel(time=0)
    relative = relative.where(np.isfinite(relative))
    return data.mean("patient", keep_attrs=True).merge(
        relative.mean("patient").rename({str(name): f"{name}_of_baseline" for name in data})
    )
