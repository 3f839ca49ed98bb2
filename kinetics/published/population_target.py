"""A published row beside a population: what of the patients is measured, and the likelihood of the summary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.errors import Faults, InputError
from kinetics.observation.distribution import ObservedDistribution
from kinetics.observation.observed_times import visit_windows
from kinetics.observation.population_values import CountProbe, PopulationValues, Probe, RecoveryProbe
from kinetics.published.kinds.level import level_in_fit
from kinetics.published.likelihoods.mean import Mean
from kinetics.published.likelihoods.of_row import summary_of
from kinetics.published.likelihoods.predicted_summary import Interval, PredictedSummary
from kinetics.published.likelihoods.summary import Summary
from kinetics.published.row import PublishedRow
from kinetics.published.target import RowInFit, Target
from kinetics.units import conversion, parse_unit


@dataclass(frozen=True, eq=False)
class PopulationTarget(Target):
    """One published summary of many patients: ``probe`` is what of them is measured, ``summary`` its likelihood."""

    probe: Probe
    summary: Summary

    @property
    def visits(self) -> tuple[float, ...]:
        """When patients are measured, in the model's time; empty for a count at the time of the row."""
        return self.probe.visits if isinstance(self.probe, RecoveryProbe) else ()

    @property
    def window(self) -> float:
        """How far the days of visits may be from the schedule, in the unit of the row."""
        return self.probe.window if isinstance(self.probe, RecoveryProbe) else math.inf

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return max(float(times.max()) for times in self.probe.needs().values())

    def observed(self, population: PopulationValues) -> ObservedDistribution:
        """What the study observes of the patients."""
        return self.probe.observed(population)

    def predicted(self, population: PopulationValues) -> PredictedSummary:
        """The published number as the patients have it."""
        observed = self.observed(population)
        scale = float(conversion(parse_unit("1"), parse_unit(self.row.unit))) if self.row.of_patients else 1.0
        ends = (math.nan, math.nan) if self.row.n is None else self.summary.interval(observed)
        numbers = np.array([self.summary.value(observed), *ends]) * scale
        spread = None
        if isinstance(self.summary, Mean) and self.row.sd is not None:
            spread = Interval(*self.summary.sd_interval(observed))
        return PredictedSummary(self.row, Interval(*numbers.tolist()), spread)


def population_target(entry: RowInFit) -> PopulationTarget:
    """Check a published row against a model and make it a target of a population; an `InputError` has every fault."""
    row, faults = entry.row, Faults()
    if row.statistic == "covariance":
        faults.add('a covariance needs likelihood = "normal" in [population]', name=row.name)
    if row.standard_error is not None:
        message = "is of a fit of the typical patient; a population needs the number of patients n, and sd"
        faults.add(message, name=f"{row.name}.standard_error")
    faults.raise_if_any()
    entry, probe, level, summary = entry.timed(faults), None, None, None
    with faults.gather(name=row.name):
        probe = entry.kind.probe(entry)
        # a time to a level, or a share of those back at it, has the level in its probe
        level = level_in_fit(entry)[0] if isinstance(probe, CountProbe) and row.level is not None else None
    with faults.gather(name=row.name):
        summary = summary_of(row, level)
    if probe is not None and row.use == "fit":
        with faults.gather(name=row.name):
            _check_reach(row, probe)
    faults.raise_if_any()
    assert probe is not None
    assert summary is not None
    return PopulationTarget(row, entry.regimen, probe, summary, settings=entry.settings)


def _check_reach(row: PublishedRow, probe: Probe) -> None:
    """Refuse a fitted number that the measurements can never show: its likelihood is zero whatever the parameters."""
    if row.of_patients or row.statistic in ("range", "unstated"):
        return
    if isinstance(probe, RecoveryProbe):
        # a return is observed at the second visit at the earliest
        first, last = ((visit - probe.start) * probe.factor for visit in (probe.visits[0], probe.visits[-1]))
    elif row.statistic == "median":
        first, last = probe.limit, math.inf
    else:
        return
    of_ranks = (row.lower, row.upper) if row.interval != "confidence" else ()
    numbers = [number for number in (row.value, *of_ranks) if number is not None]
    if wrong := [number for number in numbers if not first < number <= last]:
        text = f"{_listed(wrong)} {row.unit} is not"
        if isinstance(probe, RecoveryProbe):
            raise InputError(f"{text} after the first visit and by the last, {first:g} to {last:g}")
        raise InputError(f"{text} above the limit of quantification, {first:g}; give it as a share")
    # the median of an even number of patients is half-way between two days, which may be of two visits
    of_one_day = bool(of_ranks) or (row.n or 0) % 2 == 1
    if isinstance(probe, RecoveryProbe) and row.statistic in ("median", "survival_median") and of_one_day:
        earliest, latest = visit_windows((np.array(probe.visits) - probe.start) * probe.factor, probe.window)
        if wrong := [number for number in numbers if not ((earliest < number) & (number <= latest)).any()]:
            hint = f"'{row.visits}' needs a longer window"
            raise InputError(f"{_listed(wrong)} {row.unit} is between the windows of two visits: {hint}")


def _listed(numbers: Sequence[float]) -> str:
    """Numbers as text."""
    return ", ".join(f"{number:g}" for number in numbers)
