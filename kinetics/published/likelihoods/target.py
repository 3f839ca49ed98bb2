"""A published row as a population shows it: the probe of the model and the likelihood of the summary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.errors import Faults, InputError, UnitError
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.observation.distribution import ObservedDistribution
from kinetics.observation.population_values import CountProbe, PopulationValues, Probe, RecoveryProbe
from kinetics.published.likelihoods.choosing import summary_of
from kinetics.published.likelihoods.mean import Mean
from kinetics.published.likelihoods.predicted_summary import Interval, PredictedSummary
from kinetics.published.likelihoods.summary import Summary
from kinetics.published.typical import PublishedRow, Target, time_within
from kinetics.regimen import Regimen, course_starts
from kinetics.units import conversion, parse_unit
from kinetics.units.levels import read_level

__all__ = ["PopulationTarget", "population_target"]


@dataclass(frozen=True, eq=False)
class PopulationTarget(Target):
    """One published summary of many patients.

    Parameters
    ----------
    probe : Probe
        What of the model is seen.
    summary : Summary
        The likelihood of what was published.
    """

    probe: Probe
    summary: Summary

    @property
    def study(self) -> tuple[str, str, str]:
        """Rows of one study are of the same patients: source, cohort and regimen."""
        return self.row.source, self.row.cohort, self.regimen.content_hash

    @property
    def visits(self) -> tuple[float, ...]:
        """When patients are seen, in the model's time; nothing for a count at a stated time."""
        return self.probe.visits if isinstance(self.probe, RecoveryProbe) else ()

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        return max(float(times.max()) for times in self.probe.needs().values())

    def seen(self, view: PopulationValues) -> ObservedDistribution:
        """What the study sees."""
        return self.probe.seen(view)

    def shown(self, view: PopulationValues) -> PredictedSummary:
        """What the population shows of this row."""
        seen = self.seen(view)
        scale = 1.0
        if self.row.of_patients:
            scale = float(conversion(parse_unit("1"), parse_unit(self.row.unit)))
        ends = (math.nan, math.nan) if self.row.n is None else self.summary.interval(seen)
        numbers = np.array([self.summary.value(seen), *ends]) * scale
        spread = None
        if isinstance(self.summary, Mean) and self.row.sd is not None:
            spread = Interval(*self.summary.sd_interval(seen))
        return PredictedSummary(self.row, Interval(*numbers.tolist()), spread)


def population_target(
    row: PublishedRow, model: Model, regimen: Regimen, schedule: VisitSchedule | None, horizon: float
) -> PopulationTarget:
    """Check a published row against a model and make it a target of a population.

    Parameters
    ----------
    row : PublishedRow
        The published number.
    model : Model
        The model it is compared with.
    regimen : Regimen
        What its patients were given.
    schedule : VisitSchedule or None
        When its patients were seen, if it is of a recovery.
    horizon : float
        The longest simulation, in the model's time.

    Raises
    ------
    InputError
        With everything that is wrong: an unknown output or one without noise, units that do not fit, a time outside
        the simulation, a row that lacks what its likelihood needs.
    """
    faults = Faults()
    probe, level = None, None
    with faults.gather(name=row.name):
        if row.level is not None and not row.kind.endswith(("threshold", "recovered")):
            probe, level = _share_probe(row, model, horizon)
        elif row.level is not None:
            probe = _recovery(row, model, regimen, schedule, horizon)
        else:
            probe = _count(row, model, horizon)
    summary = None
    with faults.gather(name=row.name):
        summary = summary_of(row, level)
    if probe is not None and row.use == "fit":
        with faults.gather(name=row.name):
            _check_reach(row, probe)
    faults.raise_if_any()
    assert probe is not None
    assert summary is not None
    return PopulationTarget(row, regimen, probe, summary)


def _check_reach(row: PublishedRow, probe: Probe) -> None:
    """Refuse a fitted number that the measurements can never show: its likelihood is zero whatever the parameters."""
    if row.of_patients or row.statistic in ("range", "unstated"):
        return
    if isinstance(probe, RecoveryProbe):
        # back is seen at the second visit at the earliest
        first, last = ((visit - probe.start) * probe.factor for visit in (probe.visits[0], probe.visits[-1]))
    elif row.statistic == "median":
        first, last = probe.limit, math.inf
    else:
        return
    numbers = [row.value, *((row.lower, row.upper) if row.interval != "confidence" else ())]
    if wrong := [number for number in numbers if number is not None and not first < number <= last]:
        shown = ", ".join(f"{number:g}" for number in wrong)
        if isinstance(probe, RecoveryProbe):
            raise InputError(f"{shown} {row.unit} is not after the first visit and by the last, {first:g} to {last:g}")
        raise InputError(f"{shown} {row.unit} is not above the limit of quantification, {first:g}; give it as a share")


def _noise(model: Model, name: str) -> float:
    if name not in model.outputs:
        raise InputError(f"model '{model.name}' has no output '{name}'; there are {', '.join(model.outputs)}")
    noise = model.outputs[name].noise
    if noise is None:
        raise InputError(f"output '{name}' of model '{model.name}' has no 'noise', which a population fit needs")
    return noise


def _count(row: PublishedRow, model: Model, horizon: float) -> CountProbe:
    noise, time = _noise(model, row.output), time_within(str(row.time), model, horizon)
    output = model.outputs[row.output]
    if row.kind == "count":
        factor = _factor(row, output.unit)
        return CountProbe(row.output, time, None, factor, noise, (output.quantification or 0.0) * factor)
    other, at = (str(row.over), time) if row.kind == "ratio" else (row.output, 0.0)
    both = math.hypot(noise, _noise(model, other))
    factor = _factor(row, output.unit / model.outputs[other].unit)
    return CountProbe(row.output, time, (other, at), factor, both, 0.0)


def _factor(row: PublishedRow, unit: Any) -> float:
    """From a unit of the model to that of the row."""
    try:
        return float(conversion(unit, parse_unit(row.unit)))
    except UnitError as error:
        raise UnitError(f"unit '{row.unit}' does not fit a {row.kind} of {row.output}: {error}") from error


def _share_probe(row: PublishedRow, model: Model, horizon: float) -> tuple[CountProbe, float]:
    """The count that a share is below or above, in the model's unit or in shares of baseline, and the level."""
    noise, time, level = (
        _noise(model, row.output),
        time_within(str(row.time), model, horizon),
        read_level(str(row.level)),
    )
    unit, limit = model.outputs[row.output].unit, model.outputs[row.output].quantification or 0.0
    if not level.number > 0:
        raise InputError(f"level {row.level} is not positive")
    if level.unit is None:
        return CountProbe(row.output, time, (row.output, 0.0), 1.0, math.sqrt(2) * noise, 0.0), level.number
    value = level.value(unit, math.nan)
    if value <= limit:
        raise InputError(f"level {row.level} is not above the limit of quantification, {limit:g} in the output's unit")
    return CountProbe(row.output, time, None, 1.0, noise, limit), value


def _recovery(
    row: PublishedRow, model: Model, regimen: Regimen, schedule: VisitSchedule | None, horizon: float
) -> RecoveryProbe:
    noise, level = _noise(model, row.output), read_level(str(row.level))
    if schedule is None:
        raise InputError("names no 'visits': a recovery is seen at visits, and a population fit needs their schedule")
    if not level.number > 0:
        raise InputError(f"level {row.level} is not positive")
    number = level.number if level.unit is None else level.value(model.outputs[row.output].unit, math.nan)
    starts = course_starts(regimen, model.time)
    if not starts.size or not starts[0] < horizon:
        raise InputError("a time to a threshold needs a regimen with a course within the simulation")
    end = float(min([horizon, *starts[1:2]]))
    visits = schedule.times(row.output, model.time, starts, end)
    start = float(starts[0])
    visits = visits[visits > start]
    if visits.size < 2:
        raise InputError(f"visits '{row.visits}' see {row.output} less than twice within the first course's window")
    for name, text in (("time", row.time), ("since", row.since)):
        if text is not None and not 0 < time_within(text, model, horizon) <= visits[-1] - start:
            raise InputError(f"{name} {text} is not between the first dose and the last visit")
    unit = parse_unit("month") if row.of_patients else parse_unit(row.unit)
    factor = float(conversion(model.time, unit))
    return RecoveryProbe(row.output, tuple(visits.tolist()), start, number, level.unit is None, factor, noise)
