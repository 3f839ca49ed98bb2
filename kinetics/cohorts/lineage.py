"""A cohort and those it extends, and the fits whose estimates they take."""

from __future__ import annotations

from pathlib import Path

from kinetics.cohorts.fit_results import problem_of, result_of
from kinetics.errors import UnknownNameError
from kinetics.model.model import Model
from kinetics.model.quantities import Cohort
from kinetics.text.suggestions import did_you_mean


def fits_behind(model: Model, cohort: str) -> tuple[str, ...]:
    """The names of the fits a cohort takes estimates from, earlier first."""
    return tuple(fit for row in lineage(model, cohort) for fit in row.from_fit)


def committed_result(model: Model, fit: str, cohort: str) -> Path:
    """The committed result of a fit that a cohort takes estimates from, or that a fit of the cohort builds on."""
    return result_of(model, fit, _taker(model, fit, cohort))


def problem_behind(model: Model, fit: str, cohort: str) -> Path | None:
    """The problem of such a fit, with a result or without; None if there is none."""
    return problem_of(model, fit, _taker(model, fit, cohort))


def _taker(model: Model, fit: str, cohort: str) -> Cohort:
    """Which of a cohort and those it extends takes the estimates of a fit."""
    rows = lineage(model, cohort) or [Cohort(name="")]
    return next((row for row in rows if fit in row.from_fit), rows[-1])


def lineage(model: Model, cohort: str | None) -> list[Cohort]:
    """The cohort and those it extends, oldest first; nothing for the model's own values."""
    if not cohort:
        return []
    if cohort not in model.cohorts:
        known = f"there are {', '.join(model.cohorts)}" if model.cohorts else "it declares no cohorts"
        hint = did_you_mean(cohort, model.cohorts)
        raise UnknownNameError(f"model '{model.name}' has no cohort '{cohort}'; {known}{hint}")
    rows: list[Cohort] = []
    name: str | None = cohort
    while name is not None:
        rows.append(model.cohorts[name])
        name = rows[-1].extends
    return rows[::-1]
