"""The fit: search, uncertainty, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics import __version__
from kinetics.cohorts.cohort import committed_result
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search.search import AnyObjective, Search, objective_of, search
from kinetics.estimate.tree import fit_tree
from kinetics.estimate.uncertainty.covariance import Uncertainty, uncertainty
from kinetics.estimate.uncertainty.intervals import Intervals
from kinetics.files.arguments import loaded
from kinetics.published.likelihoods import PredictedSummary
from kinetics.units import unit_text

__all__ = ["Fit", "fit"]

SAME_COST = 1e-6
"""Relative difference of costs, and of logarithms as a share of their range, that is only rounding."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A finished fit.

    Parameters
    ----------
    problem : FitProblem
        What was fitted.
    searches : tuple of Search
        Every search, in order.
    best : Search
        The one of least cost.
    uncertainty : Uncertainty
        At the best.
    values : ndarray, (target,)
        The model's counterpart of all targets, fitted and compared, at the best, in the row's unit; infinite if a
        threshold is not reached again, NaN if the output is never below it.
    estimates : Estimates
        What to keep.
    shown : tuple of PredictedSummary
        Of a population fit: what each target is in the population, and where a study of its size lies. Else empty.
    intervals : Intervals
        Profiles and posterior, as far as they were asked for.
    """

    problem: FitProblem
    searches: tuple[Search, ...]
    best: Search
    uncertainty: Uncertainty
    values: np.ndarray
    estimates: Estimates
    shown: tuple[PredictedSummary, ...] = ()
    intervals: Intervals = field(default_factory=Intervals)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know, in plain words: of the parameters, the searches, the rows and the intervals."""
        return (
            *self.uncertainty.warnings,
            *_search_warnings(self.searches, self.best),
            *self._row_warnings(),
            *self.intervals.warnings(self.estimates.names),
        )

    def _row_warnings(self) -> list[str]:
        lost = [
            target.row.name
            for target, value in zip(self.problem.targets, self.values, strict=True)
            if target.row.use == "fit" and not np.isfinite(value)
        ]
        if self.shown:
            message = "in the model less than half of the patients recover, which {} contradicts"
        else:
            message = (
                "the model has no recovery time for {}, being back at the level in the limit at most: the search had a "
                "stand-in, and standard errors mean little"
            )
        return [message.format(", ".join(lost))] if lost else []

    def rms_log_error(self) -> float:
        """Root mean square of ln(model / published) over the fitted rows that give a value; NaN if none does."""
        errors = [
            target.log_error(value)
            for target, value in zip(self.problem.targets, self.values, strict=True)
            if target.row.use == "fit" and not target.row.is_range
        ]
        return float(np.sqrt(np.mean(np.square(errors)))) if errors else float("nan")

    def summary(self) -> dict[str, Any]:
        """The fit as the JSON object of the command."""
        kept = self.estimates
        intervals = self.intervals.summary(self.problem, kept)
        columns = zip(kept.names, kept.values, kept.log_se, kept.units, kept.verdicts, strict=True)
        return {
            "fit": self.problem.name,
            "targets": [
                {**target.row.summary(), "fitted": float(value), **extra}
                for target, value, extra in zip(self.problem.targets, self.values, self._extras(), strict=True)
            ],
            "estimates": {
                name: {
                    "value": float(value),
                    "se": float(value * log_se),
                    "unit": unit,
                    "verdict": verdict,
                    **intervals[name],
                }
                for name, value, log_se, unit, verdict in columns
            },
            "rms_log_error": self.rms_log_error(),
            "condition_number": self.uncertainty.condition_number,
            **self.intervals.sampling(),
            "warnings": list(self.warnings),
        }

    def _extras(self) -> list[dict[str, Any]]:
        """What only a population says of each target: intervals, and whether what was published lies inside."""
        return [one.summary() for one in self.shown] or [{} for _ in self.problem.targets]

    def tree(self) -> xr.DataTree:
        """Everything as a DataTree: estimates, covariance, prior, observed, predicted, diagnostics, intervals."""
        return fit_tree(
            self.problem, self.searches, self.uncertainty, self.values, self.estimates, self.warnings, self.intervals
        )


def fit(
    problem: FitProblem | str | Path,
    progress: Callable[[str], None] | None = None,
    done: tuple[Search, ...] = (),
) -> Fit:
    """Fit a problem.

    Parameters
    ----------
    problem : FitProblem, str or pathlib.Path
        What to fit, or the name or path of its file.
    progress : callable, optional
        Called with a line of text after each evaluation.
    done : tuple of Search
        Complete searches of an interrupted call.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If there is no such problem, or it has faults.
    IntegrationError
        If the model cannot be integrated at the best parameters.
    """
    problem = loaded("problem", problem, FitProblem)
    objective = objective_of(problem)
    searches = search(objective, progress, done)
    best = _best(searches)
    found = uncertainty(objective, best.end)
    earlier = _earlier(problem)
    cohorts = sorted({target.row.cohort for target in problem.fitted})
    estimates = Estimates(
        fit=problem.name,
        model=problem.model_reference,
        cohort=cohorts[0] if len(cohorts) == 1 else "",
        names=tuple(free.name for free in problem.free),
        units=tuple(unit_text(free.unit) for free in problem.free),
        verdicts=found.verdicts,
        values=np.exp(best.end),
        covariance=found.covariance,
        given=tuple(earlier),
        given_values=np.array([value for _, value in earlier.values()]),
        response=_response(objective, best.end, found, [flat for flat, _ in earlier.values()]),
        facts={
            "package_version": __version__,
            "model_hash": problem.model.content_hash,
            "data_hash": problem.data_hash,
            "seed": problem.seed,
            "cost": best.cost,
            "condition_number": found.condition_number,
            "about": problem.about,
        },
        builds_on=tuple(dict.fromkeys(fit for cohort in cohorts for fit in problem.fits_before(cohort))),
    )
    if isinstance(objective, PopulationObjective):
        shown = objective.shown(best.end, problem.targets)
        values = np.array([one.interval.value for one in shown])
    else:
        shown, values = (), objective.values(best.end, problem.targets)
    return Fit(problem, searches, best, found, values, estimates, shown)


def _best(searches: Sequence[Search]) -> Search:
    """The first search whose cost is the least but for rounding: noise does not choose between equal ones."""
    least = min(one.cost for one in searches)
    return next(one for one in searches if one.cost <= least + SAME_COST * abs(least) + 1e-9)


def _search_warnings(searches: Sequence[Search], best: Search) -> list[str]:
    found = []
    if not best.converged:
        found.append(f"the best search did not converge ({best.message}): these are not estimates yet")
    equal_cost = best.cost + 1e-3 * abs(best.cost) + 1e-6
    worse = sum(one.cost > equal_cost for one in searches)
    if worse:
        found.append(
            f"{worse} of {len(searches)} searches ended at a worse fit: try more starts for a better one still"
        )
    equal = [one.end for one in searches if one.cost <= equal_cost]
    if max(float(np.abs(end - best.end).max()) for end in equal) > 0.05:
        found.append("searches ended equally well at different values: the estimates are not unique")
    return found


def _earlier(problem: FitProblem) -> dict[str, tuple[str, float]]:
    """Parameters held at the estimates of earlier fits, by dotted name: flat name, and value in the model's unit."""
    free = {parameter.flat for parameter in problem.free}
    earlier: dict[str, tuple[str, float]] = {}
    for cohort in sorted({target.row.cohort for target in problem.fitted}):
        values = problem.cohort(cohort).estimable
        for name in problem.fits_before(cohort):
            kept = Estimates.read(committed_result(problem.model, name, cohort))
            flats = zip(kept.names, kept.by_flat_name(problem.model), strict=True)
            earlier |= {parameter: (flat, values[flat]) for parameter, flat in flats if flat not in free}
    return earlier


def _response(objective: AnyObjective, optimum: np.ndarray, found: Uncertainty, given: Sequence[str]) -> np.ndarray:
    """How the optimum moves with parameters that earlier fits estimated, (parameter, given).

    B = -(J'J)^-1 J' K, with J and K the Jacobians of the fitted rows by the free and by the given parameters.
    """
    if not given:
        return np.zeros((optimum.size, 0))
    both = objective.rows(optimum, [*objective.names, *given])[1]
    by_free, by_given = both[:, : optimum.size], both[:, optimum.size :]
    return -found.covariance @ by_free.T @ by_given
