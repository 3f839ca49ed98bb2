"""What studies of a simulated population would show over time: the panels of a visual predictive check."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.figures.visual_predictive_check.spec import CheckSpec
from kinetics.observation.observed_times import ObservedTimes
from kinetics.observation.population_values import CountProbe, PopulationValues
from kinetics.published import PopulationTarget
from kinetics.published.likelihoods import Median, PredictedSummary, Proportion
from kinetics.published.likelihoods.order_statistics import quantile
from kinetics.results import variable
from kinetics.units import conversion, parse_unit, to_unit

if TYPE_CHECKING:
    from kinetics.estimate import Estimates

ROW = ("at", "published", "published_lower", "published_upper", "model", "model_lower", "model_upper", "height")
"""Variables of a row: where it stands on the axis of time; two numbers with their bars, which are on that axis if
``at`` is NaN, and then stand at ``height``, else on the other."""
PANEL = ("time", "value", "study", *ROW)
"""Variables of every panel; one of counts has ``population`` too."""
_TAILS = (0.025, 0.975)
_OF_PATIENTS = (0.05, 0.95)

Populations = Mapping[PopulationTarget, PopulationValues]


def check_tree(spec: CheckSpec, estimates: Estimates) -> xr.DataTree:
    """Simulate the panels of a visual predictive check.

    Returned: one group a panel, in the order of the file, ``panel_1`` and so on, in the units of the axes. ``value``
    (time) is the median of patients, or a share of patients; ``study`` (end, time) holds 95 % of the medians or shares
    of studies as large as the smallest; ``population`` (end, time) 90 % of patients. Rows: `ROW`. An
    `IntegrationError` if too many patients cannot be simulated.
    """
    from kinetics.estimate.objective.population import PopulationObjective

    grids = {name: _moved(spec, spec.targets[name]) for name, row in spec.panels.items() if row.type != "recovery"}
    simulated = [target for name in spec.panels for target in (*spec.targets[name], *grids.get(name, ()))]
    objective = PopulationObjective(spec.problem)
    at = spec.problem.log_parameters(estimates.by_flat_name(spec.problem.model))
    populations = {
        target: population for population, targets in objective.simulated(at, simulated) for target in targets
    }
    panels = {}
    for number, (name, row) in enumerate(spec.panels.items(), 1):
        ever = 1.0
        if row.type == "recovery":
            curve, ever = _recovery(spec, name, populations)
        else:
            curve = (_counts if row.type == "counts" else _share)(spec, name, grids[name], populations)
        summaries = [target.predicted(populations[target]) for target in spec.targets[name]]
        panels[f"panel_{number}"] = curve.merge(_row_table(spec, name, summaries, curve, ever)).assign_attrs(panel=name)
    return xr.DataTree.from_dict(panels)


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


def _counts(spec: CheckSpec, name: str, grid: Sequence[PopulationTarget], populations: Populations) -> xr.Dataset:
    """The median and 90 % of patients, and 95 % of medians of studies, at the times of the grid."""
    targets = spec.targets[name]
    unit = spec.panels[name].unit or targets[0].row.unit
    factor = float(conversion(parse_unit(targets[0].row.unit), parse_unit(unit)))
    observed = [target.observed(populations[target]) for target in grid]
    n = patients_of(targets)
    study = None if n is None else factor * np.array([Median(n, 1.0).interval(each) for each in observed]).T
    middle = factor * np.array([quantile(each, 0.5) for each in observed])
    curve = _curve(spec, _times(spec, grid), middle, study, unit)
    population = factor * np.array([[quantile(each, p) for each in observed] for p in _OF_PATIENTS])
    return curve.assign(population=variable(("end", "time"), population, parse_unit(unit), "5 and 95 % of patients"))


def _share(spec: CheckSpec, name: str, grid: Sequence[PopulationTarget], populations: Populations) -> xr.Dataset:
    """The share of patients below or above the level, and 95 % of the shares of studies, at the times of the grid."""
    n = patients_of(spec.targets[name])
    middle, study = [], []
    for target in grid:
        summary, observed = target.summary, target.observed(populations[target])
        assert isinstance(summary, Proportion)
        middle.append(100 * summary.value(observed))
        if n is not None:
            study.append([100 * end for end in replace(summary, n=n).interval(observed)])
    return _curve(spec, _times(spec, grid), np.array(middle), np.array(study).T if study else None, "percent")


def _recovery(spec: CheckSpec, name: str, populations: Populations) -> tuple[xr.Dataset, float]:
    """The share of those seen below the level that is seen back by each visit, with 95 % of studies; and ever."""
    # slow to import, and few figures need it
    from scipy.stats import binom

    first, n = spec.targets[name][0], patients_of(spec.targets[name])
    observed = first.observed(populations[first])
    assert isinstance(observed, ObservedTimes)
    *at_visits, _, never_below = observed.probabilities.mean(axis=0)
    back = np.clip(np.concatenate([[0.0], np.cumsum(at_visits) / max(1 - never_below, 1e-300)]), 0, 1)
    unit = "month" if first.row.of_patients else first.row.unit
    times = np.concatenate([[0.0], observed.times]) * float(conversion(parse_unit(unit), parse_unit(spec.time.unit)))
    study = None if n is None else 100 * np.array([binom.ppf(tail, n, back) for tail in _TAILS]) / n
    until = to_unit(spec.header.until, spec.time.unit) * (1 + 1e-9)
    return _curve(spec, times, 100 * back, study, "percent").isel(time=times <= until), float(back[-1])


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


def _row_table(
    spec: CheckSpec, panel: str, summaries: Sequence[PredictedSummary], curve: xr.Dataset, ever: float
) -> xr.Dataset:
    """The rows of a panel, `ROW` over (row,), beside what the population shows of each.

    A bar is the standard deviation about the mean where that was published, else the 95 % interval. A row of no time, a
    share that is ever reached, stands at the end of the axis. ``ever`` is the share of patients that is ever seen back.
    A mean time is of these: it stands at half of their share, which is where the median of a symmetric distribution of
    logarithms would; a median of all stands at one half.
    """
    rows = [target.row for target in spec.targets[panel]]
    unit, time, records = parse_unit(curve["value"].attrs["units"]), parse_unit(spec.time.unit), []
    for row, summary in zip(rows, summaries, strict=True):
        along_time = row.kind == "time_to_threshold"
        numbers = _numbers(summary, float(conversion(parse_unit(row.unit), time if along_time else unit)))
        if along_time:
            share = ever if row.statistic in ("mean", "geometric_mean") else 1.0
            records.append((math.nan, *numbers, 50.0 * share))
        else:
            at = spec.header.until if row.time is None else row.time
            records.append((to_unit(at, spec.time.unit), *numbers, math.nan))
    columns = {key: ("row", np.array(column)) for key, column in zip(ROW, zip(*records, strict=True), strict=True)}
    return xr.Dataset(columns, {"row": np.array([row.name for row in rows], dtype=object)})


def _numbers(summary: PredictedSummary, factor: float) -> list[float]:
    row, model = summary.row, summary.interval
    value = math.nan if row.value is None else row.value
    if row.sd is not None and summary.spread is not None:
        ends, sd = (value - row.sd, value + row.sd), summary.spread.value
        model_ends = model.value - sd, model.value + sd
    else:
        ends = (math.nan, math.nan) if row.lower is None or row.upper is None else (row.lower, row.upper)
        model_ends = model.lower, model.upper
    return [factor * each for each in (value, *ends, model.value, *model_ends)]
