"""The model's number for each kind of fact."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from kinetics.published.facts.actions import actions_by
from kinetics.published.facts.followed import HORIZON, Followed, follow, instants
from kinetics.published.facts.patients import Patients
from kinetics.published.facts.question import Question
from kinetics.published.facts.statistics import statistic_of
from kinetics.units import to_unit
from kinetics.units.levels import stands_below, visited_level

__all__ = ["answer", "needed_times"]

INCIDENCE = "1 month"
"""Step over which the increase of a probability is taken."""


def needed_times(question: Question) -> np.ndarray:
    """The times at which a question needs its outputs, (time,), in the model's time; 0 is among them.

    Raises
    ------
    InputError
        If visits do not suffice.
    """
    kind = question.row.kind
    if kind == "event_peak":
        times = _event_times(question)
    elif kind in _AT_A_TIME:
        times = np.array([moment for moment in (question.since, question.time) if moment is not None])
    else:
        times = instants(question)
    return np.unique(np.append(times, 0.0))


def answer(question: Question, patients: Patients | None) -> float:
    """What the model says, in the unit of the question; NaN if it says nothing.

    Parameters
    ----------
    question : Question
        What is asked.
    patients : Patients or None
        Those of its arm; None for a number that follows from parameters alone.
    """
    if question.derived is not None and not question.row.simulated:
        return question.derived.value(question.model, question.cohort.values)
    assert patients is not None
    if question.row.statistic == "typical":
        assert patients.alone is not None
        patients = patients.alone
    return float(_KINDS[question.row.kind](question, patients))


def _of_patients(sample: Callable[[Question, Patients], np.ndarray]) -> Callable[[Question, Patients], np.ndarray]:
    """A number of each patient, (patient,), and then the statistic over them."""
    return lambda question, patients: statistic_of(sample(question, patients), str(question.row.statistic))


def _count(question: Question, patients: Patients) -> np.ndarray:
    return patients.measured(str(question.row.output), np.array([question.time]))[:, 0]


def _percent(question: Question, patients: Patients) -> np.ndarray:
    """The measured share of the measured value before treatment."""
    before = patients.measured(str(question.row.output), np.zeros(1))[:, 0]
    return _count(question, patients) / before


def _ratio(question: Question, patients: Patients) -> np.ndarray:
    return _count(question, patients) / patients.measured(str(question.row.over), np.array([question.time]))[:, 0]


def _level(question: Question, baseline: np.ndarray) -> np.ndarray:
    """The threshold of each patient, (patient,)."""
    level = question.level
    assert level is not None
    if level.unit is None:
        return level.number * baseline
    return np.full(baseline.shape, level.value(question.model.quantity(str(question.row.output)).unit, np.nan))


def _share_below(question: Question, patients: Patients) -> np.ndarray:
    counts, before = _count(question, patients), patients.measured(str(question.row.output), np.zeros(1))[:, 0]
    return stands_below(counts[:, None], *visited_level(_level(question, before)[:, None], reported=True)).mean()


def _share_above(question: Question, patients: Patients) -> np.ndarray:
    return 1.0 - _share_below(question, patients)


def _time_to_threshold(question: Question, patients: Patients) -> np.ndarray:
    followed = follow(question, patients)
    return followed.back(_level(question, followed.baseline))


def _time_below(question: Question, patients: Patients) -> np.ndarray:
    followed = follow(question, patients)
    return followed.time_below(_level(question, followed.baseline))


def _share_recovered(question: Question, patients: Patients) -> np.ndarray:
    """Of those who were below, the share back by the end of the window."""
    times = _time_to_threshold(question, patients)
    times = times[~np.isnan(times)]
    return np.isfinite(times).mean() if times.size else np.asarray(np.nan)


def _course(question: Question, patients: Patients) -> tuple[Followed, np.ndarray]:
    """The window, and the statistic over patients at each of its times, (time,): what a publication draws."""
    followed = follow(question, patients)
    values = followed.values / followed.baseline[:, None] if question.relative else followed.values
    return followed, statistic_of(values, str(question.row.statistic))


def _nadir(question: Question, patients: Patients) -> np.ndarray:
    return _course(question, patients)[1].min()


def _fall(question: Question, patients: Patients) -> np.ndarray:
    return 1.0 - _nadir(question, patients)


def _overshoot(question: Question, patients: Patients) -> np.ndarray:
    _, course = _course(question, patients)
    return course[course.argmin() :].max()


def _time_of_nadir(question: Question, patients: Patients) -> np.ndarray:
    followed, course = _course(question, patients)
    return followed.times[course.argmin()]


def _time_of_overshoot(question: Question, patients: Patients) -> np.ndarray:
    followed, course = _course(question, patients)
    return followed.times[course.argmin() + course[course.argmin() :].argmax()]


def _peak(question: Question, patients: Patients) -> np.ndarray:
    return _course(question, patients)[1].max()


def _time_of_peak(question: Question, patients: Patients) -> np.ndarray:
    followed, course = _course(question, patients)
    return followed.times[course.argmax()]


def _event_share(question: Question, patients: Patients) -> np.ndarray:
    """The mean probability of an event by a time, or between two."""
    times = np.array([0.0 if question.since is None else question.since, question.time])
    first, last = patients.true(str(question.row.output), times).mean(axis=0)
    return last if question.since is None else last - first


def _event_peak(question: Question, patients: Patients) -> np.ndarray:
    times = _event_times(question)
    course = patients.true(str(question.row.output), times).mean(axis=0)
    return times[np.gradient(course, times).argmax()]


def _event_times(question: Question) -> np.ndarray:
    step = to_unit(INCIDENCE, question.model.time)
    begin = question.since or 0.0
    end = begin + to_unit(HORIZON, question.model.time) if question.time is None else question.time
    return np.append(np.arange(begin, end - 0.5 * step, step), end)


def _covariate(question: Question, patients: Patients, *, event: bool) -> np.ndarray:
    """The mean of a parameter over patients, each weighted by the probability of the event, or of none."""
    assert question.derived is not None
    weights = patients.true(str(question.row.output), np.array([question.time]))[:, 0]
    values = question.derived.of_patients(question.model, patients.constants)
    weights = weights if event else 1.0 - weights
    return np.average(values, weights=weights) if weights.sum() > 0 else np.asarray(np.nan)


def _courses_share(question: Question, patients: Patients) -> np.ndarray:
    """The share of patients whose rules have acted so often by a time."""
    assert question.actions is not None
    assert patients.fired is not None
    assert question.time is not None
    return question.actions.met(actions_by(patients.fired, question.regimen.rules, question.time)).mean()


_AT_A_TIME = (
    "count",
    "percent_of_baseline",
    "ratio",
    "share_below",
    "share_above",
    "event_share",
    "covariate_with_event",
    "covariate_without_event",
    "courses_share",
)
_KINDS: dict[str, Callable[[Question, Patients], np.ndarray]] = {
    "count": _of_patients(_count),
    "percent_of_baseline": _of_patients(_percent),
    "ratio": _of_patients(_ratio),
    "share_below": _share_below,
    "share_above": _share_above,
    "share_recovered": _share_recovered,
    "time_to_threshold": _of_patients(_time_to_threshold),
    "time_below": _of_patients(_time_below),
    "nadir": _nadir,
    "fall": _fall,
    "time_of_nadir": _time_of_nadir,
    "overshoot": _overshoot,
    "time_of_overshoot": _time_of_overshoot,
    "peak": _peak,
    "time_of_peak": _time_of_peak,
    "event_share": _event_share,
    "event_peak": _event_peak,
    "covariate_with_event": partial(_covariate, event=True),
    "covariate_without_event": partial(_covariate, event=False),
    "courses_share": _courses_share,
}
