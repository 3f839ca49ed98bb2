"""The fit: search, uncertainty, and a tree of everything found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from kinetics import __version__
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.objective import Evaluation, Objective
from kinetics.estimate.problem import FitProblem
from kinetics.estimate.search import Search, search
from kinetics.estimate.uncertainty import Uncertainty, uncertainty
from kinetics.model.cohorts import cohort_parameters, fits_folder, result_path
from kinetics.results import provenance
from kinetics.units import unit_text

__all__ = ["Fit", "fit"]


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
    evaluation : Evaluation
        Model values of all targets, fitted and compared, at the best.
    estimates : Estimates
        What to keep.
    """

    problem: FitProblem
    searches: tuple[Search, ...]
    best: Search
    uncertainty: Uncertainty
    evaluation: Evaluation
    estimates: Estimates

    def rms_log_error(self) -> float:
        """Root mean square of ln(model / published) over the fitted rows that give a value."""
        errors = [
            target.log_error(value)
            for target, value in zip(self.problem.targets, self.evaluation.values, strict=True)
            if target.row.use == "fit" and not target.row.is_range
        ]
        return float(np.sqrt(np.mean(np.square(errors))))

    def summary(self) -> dict[str, Any]:
        """The fit as the JSON object of the command."""
        return {
            "fit": self.problem.name,
            "targets": [
                {
                    "name": target.row.name,
                    "use": target.row.use,
                    "published": [target.row.lower, target.row.upper] if target.row.is_range else target.row.value,
                    "fitted": float(value),
                    "unit": target.row.unit,
                }
                for target, value in zip(self.problem.targets, self.evaluation.values, strict=True)
            ],
            "estimates": {
                name: {"value": float(value), "se": float(value * log_se), "unit": unit, "verdict": verdict}
                for name, value, log_se, unit, verdict in zip(
                    self.estimates.names,
                    self.estimates.values,
                    self.estimates.log_se,
                    self.estimates.units,
                    self.estimates.verdicts,
                    strict=True,
                )
            },
            "rms_log_error": self.rms_log_error(),
            "condition_number": self.uncertainty.condition_number,
            "warnings": list(self.uncertainty.warnings),
        }

    def tree(self) -> xr.DataTree:
        """Everything as a DataTree: estimates, covariance, prior, observed, predicted, diagnostics."""
        return _tree(self)


def fit(
    problem: FitProblem, progress: Callable[[str], None] | None = None, done: tuple[Search, ...] = ()
) -> Fit:
    """Fit a problem.

    Parameters
    ----------
    problem : FitProblem
        What to fit.
    progress : callable, optional
        Called with a line of text after each evaluation.
    done : tuple of Search
        Complete searches of an interrupted call.

    Returns
    -------
    Fit

    Raises
    ------
    IntegrationError
        If the model cannot be integrated at the best parameters.
    """
    objective = Objective(problem)
    searches = search(objective, progress, done)
    best = _best(searches)
    found = uncertainty(objective, best.end)
    evaluation = objective.evaluate(best.end, problem.targets)
    given, response = _response(objective, best.end, found)
    cohorts = sorted({target.row.cohort for target in problem.fitted})
    estimates = Estimates(
        fit=problem.name,
        model=problem.model.name,
        cohort=cohorts[0] if len(cohorts) == 1 else "",
        names=tuple(free.name for free in problem.free),
        units=tuple(unit_text(free.unit) for free in problem.free),
        verdicts=found.verdicts,
        values=np.exp(best.end),
        covariance=found.covariance,
        given=given,
        response=response,
        facts={
            "package_version": __version__,
            "model_hash": problem.model.content_hash,
            "data_hash": problem.data_hash,
            "seed": problem.seed,
            "cost": best.cost,
            "condition_number": found.condition_number,
            "about": problem.about,
        },
    )
    return Fit(problem, searches, best, found, evaluation, estimates)


def _best(searches: tuple[Search, ...]) -> Search:
    """The first search whose cost is the least but for rounding, so that the choice between equal ones is not left to noise."""
    least = min(one.cost for one in searches)
    return next(one for one in searches if one.cost <= least * (1 + 1e-6) + 1e-9)


def _response(objective: Objective, optimum: np.ndarray, found: Uncertainty) -> tuple[tuple[str, ...], np.ndarray]:
    """How the optimum moves with parameters that earlier fits estimated: B = -(J'J)^-1 J' K, K the residuals' Jacobian by those."""
    problem = objective.problem
    earlier: dict[str, str] = {}
    for cohort in {target.row.cohort for target in problem.fitted}:
        for name in cohort_parameters(problem.model, cohort, without_fit=problem.name).fits:
            kept = Estimates.read(result_path(fits_folder(problem.model) / f"{name}.toml"))
            earlier |= {problem.model.flat_name(parameter): parameter for parameter in kept.names}
    flats = [flat for flat in earlier if flat not in objective.names]
    if not flats:
        return (), np.zeros((optimum.size, 0))
    rows = objective.evaluate(optimum, problem.fitted, flats)
    values = np.array([objective.fixed_value(flat) for flat in flats])
    by_given = np.array(
        [t.residual(v, g)[1] for t, v, g in zip(problem.fitted, rows.values, rows.gradients, strict=True)]
    ) * values
    jacobian = objective.residuals(optimum)[1][: len(problem.fitted)]
    return tuple(earlier[flat] for flat in flats), -found.covariance @ jacobian.T @ by_given


def _tree(fit: Fit) -> xr.DataTree:
    problem, found, kept = fit.problem, fit.uncertainty, fit.estimates
    names = list(kept.names)
    targets = [target.row for target in problem.targets]
    text = {"long_name": "unit of the value"}
    one = {"units": "1"}
    parameter, target = {"parameter": names}, {"target": [row.name for row in targets]}
    groups = {
        "estimates": xr.Dataset(
            {
                "value": ("parameter", kept.values, {"long_name": "estimate, in its own unit"}),
                "unit": ("parameter", list(kept.units), text),
                "log_se": ("parameter", kept.log_se, one | {"long_name": "standard error of the natural logarithm"}),
                "verdict": ("parameter", list(kept.verdicts), {"long_name": "what the data say"}),
            },
            parameter,
        ),
        "covariance": xr.Dataset(
            {
                "log_covariance": (("parameter", "parameter_2"), found.covariance, one),
                "correlation": (("parameter", "parameter_2"), found.correlation, one),
                "log_response": (("parameter", "given"), kept.response, one),
            },
            parameter | {"parameter_2": names, "given": np.array(kept.given, dtype=object)},
        ),
        "prior": xr.Dataset(
            {
                "center": ("parameter", [free.start for free in problem.free], {"long_name": "in its own unit"}),
                "log_sd": ("parameter", [np.nan if f.log_sd is None else f.log_sd for f in problem.free], one),
                "lower": ("parameter", [free.lower for free in problem.free], {"long_name": "in its own unit"}),
                "upper": ("parameter", [free.upper for free in problem.free], {"long_name": "in its own unit"}),
                "unit": ("parameter", list(kept.units), text),
            },
            parameter,
        ),
        "observed": xr.Dataset(
            {
                key: ("target", [_cell(getattr(row, key)) for row in targets], {"long_name": key})
                for key in ("value", "lower", "upper", "unit", "use", "statistic", "source")
            },
            target,
        ),
        "predicted": xr.Dataset(
            {
                "value": ("target", fit.evaluation.values, {"long_name": "of the model, in the unit of the row"}),
                "unit": ("target", [row.unit for row in targets], text),
            },
            target,
        ),
        "diagnostics": xr.Dataset(
            {
                "cost": ("search", [s.cost for s in fit.searches], one),
                "start": (("search", "parameter"), np.exp([s.start for s in fit.searches])),
                "end": (("search", "parameter"), np.exp([s.end for s in fit.searches])),
                "converged": ("search", [int(s.converged) for s in fit.searches], one),
            },
            parameter | {"search": np.arange(1, len(fit.searches) + 1)},
        ),
    }
    attrs = provenance(fit=kept.fit, model=kept.model, cohort=kept.cohort, **{k: v for k, v in kept.facts.items() if k != "package_version"})
    attrs |= {"engine": "scipy LSODA, augmented with exact sensitivities", "warnings": "; ".join(found.warnings)}
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(attrs)
    return tree


def _cell(value: Any) -> Any:
    return np.nan if value is None else value
