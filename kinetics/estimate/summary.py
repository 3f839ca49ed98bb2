"""A finished fit as plain numbers and texts: the JSON object of the command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.estimate.objective.studies import StudyEffectsObjective
from kinetics.estimate.study_estimates import study_estimates
from kinetics.estimate.uncertainty.posterior import Posterior
from kinetics.estimate.uncertainty.practical import profile_verdict
from kinetics.estimate.uncertainty.profile import Profile
from kinetics.published import NORMAL_95, Target
from kinetics.results import MEDIAN_AND_95
from kinetics.units import parse_unit, written_unit

if TYPE_CHECKING:
    from kinetics.estimate.result import Fit


def rms_log_error(targets: Sequence[Target], values: Sequence[float] | np.ndarray) -> float:
    """Root mean square of ln(model / published) over the fitted rows that give a value; NaN if none does."""
    errors = [
        target.log_error(value)
        for target, value in zip(targets, values, strict=True)
        if target.row.use == "fit" and not target.row.is_range and not target.row.on_own_scale
    ]
    return float(np.sqrt(np.mean(np.square(errors)))) if errors else float("nan")


def fit_summary(fit: Fit) -> dict[str, Any]:
    """Targets, estimates, intervals if profiles or a posterior were asked for, and warnings."""
    of_population = [one.summary() for one in fit.predicted] or [{} for _ in fit.problem.targets]
    with_intervals = fit.profiles or fit.posterior is not None
    return {
        "fit": fit.problem.name,
        "targets": [
            {**target.row.summary(), "fitted": float(value), **further}
            for target, value, further in zip(fit.problem.targets, fit.values, of_population, strict=True)
        ],
        "estimates": {
            name: {
                "value": row.value,
                "se": row.value * row.log_se,
                "unit": written_unit(parse_unit(row.unit)),
                "verdict": row.verdict,
                **({"intervals": intervals} if with_intervals else {}),
            }
            for (name, row), intervals in zip(fit.estimates.by_name.items(), interval_rows(fit), strict=True)
        },
        **_studies(fit),
        "rms_log_error": fit.rms_log_error(),
        "minus_2_log_likelihood": fit.minus_2_log_likelihood(),
        "condition_number": fit.uncertainty.condition_number,
        **({} if fit.posterior is None else {"posterior": _sampling(fit.posterior)}),
        "warnings": list(fit.warnings),
    }


def _studies(fit: Fit) -> dict[str, Any]:
    """By parameter: how much studies differ, and what each says by itself; nothing if studies do not differ."""
    if not isinstance(fit.objective, StudyEffectsObjective):
        return {}
    data = study_estimates(fit.objective, fit.best.end, fit.uncertainty.log_se)
    of_parameter, of_study = ("tau", "i_squared"), ("estimate", "lower", "upper", "weight")
    rows: dict[str, Any] = {}
    for name in data["parameter"].values:
        own = data.sel(parameter=name)
        rows[str(name)] = {key: float(own[key]) for key in of_parameter} | {"unit": str(own["unit"].values)}
        rows[str(name)]["studies"] = {
            str(study): {key: float(own[key].sel(study=study)) for key in of_study} for study in own["study"].values
        }
    return {"studies": rows}


def interval_rows(fit: Fit) -> list[dict[str, dict[str, Any]]]:
    """The 95 % intervals of every estimate by method: covariance, profile and posterior, as far as there are."""
    rows: list[dict[str, dict[str, Any]]] = []
    for row in fit.estimates.by_name.values():
        lower, upper = row.value * np.exp(np.array([-NORMAL_95, NORMAL_95]) * row.log_se)
        rows.append({"covariance": {"lower": float(lower), "upper": float(upper)}})
    for profile in fit.profiles:
        prior_sd = fit.problem.free[profile.index].prior_sd
        rows[profile.index]["profile"] = _of_profile(profile, prior_sd, fit.estimates.names)
    if fit.posterior is not None:
        ends = np.exp(fit.posterior.quantiles(MEDIAN_AND_95)).T
        for row, (lower, median, upper), size in zip(rows, ends, fit.posterior.effective_sample_size, strict=True):
            quantiles = {"lower": float(lower), "median": float(median), "upper": float(upper)}
            row["posterior"] = {**quantiles, "effective_sample_size": float(size)}
    return rows


def _of_profile(profile: Profile, prior_sd: float, names: tuple[str, ...]) -> dict[str, Any]:
    lower, upper = profile.interval
    return {
        "lower": lower if profile.lower.state != "open" else None,
        "upper": upper if profile.upper.state != "open" else None,
        "lower_end": profile.lower.state,
        "upper_end": profile.upper.state,
        "lower_others_at_bounds": [names[index] for index, _ in profile.lower.held],
        "upper_others_at_bounds": [names[index] for index, _ in profile.upper.held],
        "verdict": profile_verdict(profile, prior_sd),
    }


def _sampling(posterior: Posterior) -> dict[str, Any]:
    walkers, draws = posterior.log_density.shape
    return {
        "draws": walkers * draws,
        "walkers": walkers,
        "acceptance": float(posterior.accepted.mean()),
        "autocorrelation_time": float(np.max(posterior.autocorrelation_time)),
        "effective_sample_size": float(np.min(posterior.effective_sample_size)),
    }
