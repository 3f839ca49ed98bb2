"""What studies of a simulated population would show over time: the panels of a visual predictive check."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.stats import binom

from kinetics.figures.base.of_fit import log_parameters
from kinetics.figures.visual_predictive_check.rows import ROW, row_table
from kinetics.figures.visual_predictive_check.spec import CheckSpec
from kinetics.observation.observed_times import ObservedTimes
from kinetics.observation.population_values import CountProbe, PopulationValues
from kinetics.published import PopulationTarget
from kinetics.published.likelihoods import Median, Proportion
from kinetics.published.likelihoods.order_statistics import quantile
from kinetics.results import variable
from kinetics.units import conversion, parse_unit, to_unit

if TYPE_CHECKING:
    from kinetics.estimate import Estimates

__all__ = ["PANEL", "check_tree", "patients_of"]

PANEL = ("time", "value", "study", *ROW)
"""Variables of every panel; one of counts has ``population`` too."""

TAILS = (0.025, 0.975)
OF_PATIENTS = (0.05, 0.95)

Views = Mapping[PopulationTarget, PopulationValues]


def check_tree(spec: CheckSpec, estimates: Estimates) -> xr.DataTree:
    """Simulate the panels of a visual predictive check.

    Parameters
    ----------
    spec : CheckSpec
        The checked figure file.
    estimates : Estimates
        Of its fit.

    Returns
    -------
    xarray.DataTree
        One group a panel, in the order of the file, ``panel_1`` and so on, in the units of the axes. ``value`` (time)
        is the median of patients, or a share of patients; ``study`` (end, time) holds 95 % of the medians or shares of
        studies as large as the smallest; ``population`` (end, time) 90 % of patients. Rows: `row_table`.

    Raises
    ------
    IntegrationError
        If too many patients cannot be simulated.
    """
    from kinetics.estimate.objective.population import PopulationObjective

    grids = {name: _moved(spec, spec.targets[name]) for name, row in spec.panels.items() if row.type != "recovery"}
    wanted = [target for name in spec.panels for target in (*spec.targets[name], *grids.get(name, ()))]
    objective = PopulationObjective(spec.problem)
    views = {
        target: view
        for view, targets in objective.views(log_parameters(spec.problem, estimates), wanted)
        for target in targets
    }
    panels = {}
    for number, (name, row) in enumerate(spec.panels.items(), 1):
        targets = spec.targets[name]
        if row.type == "recovery":
            curve = _recovery(spec, name, views)
        else:
            curve = (_counts if row.type == "counts" else _share)(spec, name, grids[name], views)
        shown = [target.predicted(views[target]) for target in targets]
        unit, ever = curve["value"].attrs["units"], curve.attrs.pop("ever", 1.0)
        rows = row_table(targets, shown, unit, spec.time.unit, spec.header.until, ever)
        panels[f"panel_{number}"] = curve.merge(rows).assign_attrs(panel=name)
    tree = xr.DataTree.from_dict(panels)
    tree.attrs.update(figure="visual_predictive_check", fit=spec.problem.name)
    return tree


def patients_of(targets: Sequence[PopulationTarget]) -> int | None:
    """The number of patients of the smallest study that says how many; None if none does."""
    return min((target.row.n for target in targets if target.row.n is not None), default=None)


def _moved(spec: CheckSpec, targets: Sequence[PopulationTarget]) -> list[PopulationTarget]:
    """The quantity of a panel at every time of the grid, and of its rows."""
    first, time = targets[0], spec.problem.model.time
    until, every = to_unit(spec.header.until, time), to_unit(spec.header.every, time)
    grid = every * np.arange(math.floor(until / every * (1 + 1e-9)) + 1)
    rows = [target.probe.time for target in targets if isinstance(target.probe, CountProbe)]
    assert isinstance(first.probe, CountProbe)
    moved = []
    for at in np.unique(np.concatenate([grid[np.abs(grid[:, None] - rows).min(axis=1) > 1e-9], rows])).tolist():
        over = first.probe.over
        if over is not None and first.row.kind == "ratio":
            over = over[0], at
        moved.append(replace(first, probe=replace(first.probe, time=at, over=over)))
    return moved


def _counts(spec: CheckSpec, name: str, grid: Sequence[PopulationTarget], views: Views) -> xr.Dataset:
    """The median and 90 % of patients, and 95 % of medians of studies, at the times of the grid."""
    targets = spec.targets[name]
    unit = spec.panels[name].unit or targets[0].row.unit
    factor = float(conversion(parse_unit(targets[0].row.unit), parse_unit(unit)))
    seen = [target.observed(views[target]) for target in grid]
    n = patients_of(targets)
    study = None if n is None else factor * np.array([Median(n, 1.0).interval(one) for one in seen]).T
    middle = factor * np.array([quantile(one, 0.5) for one in seen])
    found = _curve(spec, _times(spec, grid), middle, study, unit)
    population = factor * np.array([[quantile(one, p) for one in seen] for p in OF_PATIENTS])
    return found.assign(population=variable(("end", "time"), population, parse_unit(unit), "5 and 95 % of patients"))


def _share(spec: CheckSpec, name: str, grid: Sequence[PopulationTarget], views: Views) -> xr.Dataset:
    """The share of patients below or above the level, and 95 % of the shares of studies, at the times of the grid."""
    n = patients_of(spec.targets[name])
    middle, study = [], []
    for target in grid:
        summary, seen = target.summary, target.observed(views[target])
        assert isinstance(summary, Proportion)
        middle.append(100 * summary.value(seen))
        if n is not None:
            study.append([100 * end for end in replace(summary, n=n).interval(seen)])
    return _curve(spec, _times(spec, grid), np.array(middle), np.array(study).T if study else None, "percent")


def _recovery(spec: CheckSpec, name: str, views: Views) -> xr.Dataset:
    """The share of those seen below the level that is seen back by each visit, and 95 % of those of studies."""
    first, n = spec.targets[name][0], patients_of(spec.targets[name])
    seen = first.observed(views[first])
    assert isinstance(seen, ObservedTimes)
    *at_visits, _, never_below = seen.probabilities.mean(axis=0)
    back = np.clip(np.concatenate([[0.0], np.cumsum(at_visits) / max(1 - never_below, 1e-300)]), 0, 1)
    unit = "month" if first.row.of_patients else first.row.unit
    times = np.concatenate([[0.0], seen.times]) * float(conversion(parse_unit(unit), parse_unit(spec.time.unit)))
    study = None if n is None else 100 * np.array([binom.ppf(tail, n, back) for tail in TAILS]) / n
    found = _curve(spec, times, 100 * back, study, "percent").assign_attrs(ever=float(back[-1]))
    return found.isel(time=times <= to_unit(spec.header.until, spec.time.unit) * (1 + 1e-9))


def _times(spec: CheckSpec, grid: Sequence[PopulationTarget]) -> np.ndarray:
    factor = float(conversion(spec.problem.model.time, parse_unit(spec.time.unit)))
    return factor * np.array([target.horizon() for target in grid])


def _curve(spec: CheckSpec, times: np.ndarray, value: np.ndarray, study: np.ndarray | None, unit: str) -> xr.Dataset:
    own = parse_unit(unit)
    ends = np.full((2, times.size), np.nan) if study is None else study
    return xr.Dataset(
        {
            "value": variable(("time",), value, own, "of the population"),
            "study": variable(("end", "time"), ends, own, "95 % of studies"),
        },
        {"time": variable(("time",), times, parse_unit(spec.time.unit), "time"), "end": ["lower", "upper"]},
    )
