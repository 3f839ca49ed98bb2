"""A finished fit as a tree of datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import emcee
import numpy as np
import xarray as xr

from kinetics.estimate.estimates import Estimates
from kinetics.estimate.objective.typical import TOLERANCES
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search.search import Search
from kinetics.estimate.uncertainty.posterior import Posterior
from kinetics.estimate.uncertainty.practical import profile_verdict
from kinetics.estimate.uncertainty.profile import Profile
from kinetics.results import provenance, variable

if TYPE_CHECKING:
    from kinetics.estimate.result import Fit

__all__ = ["fit_tree"]

ONE = {"units": "1"}
OWN = {"long_name": "in its own unit"}
UNIT = {"long_name": "unit of the value"}


def fit_tree(fit: Fit) -> xr.DataTree:
    """Everything a fit found.

    Returns
    -------
    xarray.DataTree
        Groups ``estimates``, ``covariance``, ``prior``, ``observed``, ``predicted``, ``diagnostics``; numbers in
        different units stand beside a variable ``unit``. Also ``profiles``, and ``posterior`` and ``sample_stats`` in
        the form that ArviZ reads.
    """
    problem, kept = fit.problem, fit.estimates
    tree = xr.DataTree.from_dict(
        {
            "estimates": _estimates(kept),
            "covariance": _covariance(kept, fit.uncertainty.correlation),
            "prior": _prior(problem, kept),
            "observed": _observed(problem),
            "predicted": _predicted(problem, fit.values),
            "diagnostics": _diagnostics(fit.searches, kept),
            **({"profiles": _profiles(problem, kept, fit.profiles)} if fit.profiles else {}),
            **({} if fit.posterior is None else _sampled(problem, fit.posterior)),
        }
    )
    of = {"fit": kept.fit, "model": kept.model, "cohort": kept.cohort, "builds_on": ", ".join(kept.builds_on)}
    engine = "scipy LSODA" if problem.engine == "scipy" else "batch Rodas5P"
    bounds = {"relative_tolerance": TOLERANCES.relative, "absolute_tolerance": TOLERANCES.absolute}
    tree.attrs.update(provenance(engine=engine, warnings="; ".join(fit.warnings)) | bounds | of | kept.facts)
    return tree


def _text(values: Sequence[str]) -> np.ndarray:
    return np.array(values, dtype=object)


def _parameter(kept: Estimates) -> dict[str, Any]:
    return {"parameter": _text(kept.names)}


def _estimates(kept: Estimates) -> xr.Dataset:
    return xr.Dataset(
        {
            "value": ("parameter", kept.values, {"long_name": "estimate, in its own unit"}),
            "unit": ("parameter", _text(kept.units), UNIT),
            "log_se": ("parameter", kept.log_se, ONE | {"long_name": "standard error of the natural logarithm"}),
            "verdict": ("parameter", _text(kept.verdicts), {"long_name": "what the data say"}),
        },
        _parameter(kept),
    )


def _covariance(kept: Estimates, correlation: np.ndarray) -> xr.Dataset:
    square = ("parameter", "parameter_2")
    return xr.Dataset(
        {
            "log_covariance": (square, kept.covariance, ONE | {"long_name": "covariance of the natural logarithms"}),
            "correlation": (square, correlation, ONE | {"long_name": "correlation of the natural logarithms"}),
            "log_response": (
                ("parameter", "given"),
                kept.response,
                ONE
                | {"long_name": "how the logarithm of an estimate follows that of a parameter fixed at another fit's"},
            ),
            "given_value": ("given", kept.given_values, {"long_name": "where it was fixed, in the model's unit"}),
        },
        _parameter(kept) | {"parameter_2": _text(kept.names), "given": _text(kept.given)},
    )


def _prior(problem: FitProblem, kept: Estimates) -> xr.Dataset:
    free = problem.free
    log_sd = [np.nan if one.log_sd is None else one.log_sd for one in free]
    return xr.Dataset(
        {
            "center": ("parameter", [one.start for one in free], OWN),
            "log_sd": ("parameter", log_sd, ONE | {"long_name": "of the natural logarithm; NaN is flat"}),
            "lower": ("parameter", [one.lower for one in free], OWN),
            "upper": ("parameter", [one.upper for one in free], OWN),
            "unit": ("parameter", _text(kept.units), UNIT),
        },
        _parameter(kept),
    )


def _target(problem: FitProblem) -> dict[str, Any]:
    return {"target": _text([target.row.name for target in problem.targets])}


def _observed(problem: FitProblem) -> xr.Dataset:
    rows = [target.row for target in problem.targets]
    numbers = {
        key: [np.nan if (at := getattr(row, key)) is None else at for row in rows]
        for key in ("value", "lower", "upper")
    }
    texts = {key: _text([getattr(row, key) for row in rows]) for key in ("unit", "use", "statistic", "source")}
    return xr.Dataset(
        {key: ("target", cells, {"long_name": key}) for key, cells in (numbers | texts).items()}, _target(problem)
    )


def _predicted(problem: FitProblem, values: np.ndarray) -> xr.Dataset:
    units = _text([target.row.unit for target in problem.targets])
    return xr.Dataset(
        {
            "value": ("target", values, {"long_name": "of the model, in the unit of the row"}),
            "unit": ("target", units, UNIT),
        },
        _target(problem),
    )


def _diagnostics(searches: Sequence[Search], kept: Estimates) -> xr.Dataset:
    each = ("search", "parameter")
    return xr.Dataset(
        {
            "cost": (
                "search",
                [one.cost for one in searches],
                ONE | {"long_name": "half the sum of squared residuals"},
            ),
            "start": (each, np.exp([one.start for one in searches]), OWN),
            "end": (each, np.exp([one.end for one in searches]), OWN),
            "converged": ("search", [int(one.converged) for one in searches], ONE),
        },
        _parameter(kept) | {"search": np.arange(1, len(searches) + 1)},
    )


def _profiles(problem: FitProblem, kept: Estimates, profiles: Sequence[Profile]) -> xr.Dataset:
    """One row a profiled parameter; rows shorter than the longest are filled with NaN."""
    size, each = max(one.drop.size for one in profiles), ("parameter", "point")
    along = np.full((len(profiles), size, len(kept.names)), np.nan)
    drop = np.full((len(profiles), size), np.nan)
    for row, one in enumerate(profiles):
        along[row, : one.drop.size], drop[row, : one.drop.size] = np.exp(one.points), one.drop
    value = along[np.arange(len(profiles)), :, [one.index for one in profiles]]
    sds = [problem.free[one.index].log_sd for one in profiles]
    verdicts = [profile_verdict(one, np.inf if sd is None else sd) for one, sd in zip(profiles, sds, strict=True)]
    ends = np.array([one.interval for one in profiles])
    below = {"long_name": "log posterior below that of the estimates, the other parameters following"}
    return xr.Dataset(
        {
            "value": (each, value, OWN),
            "drop": (each, drop, ONE | below),
            "along": ((*each, "free"), along, {"long_name": "all parameters there, each in its own unit"}),
            "unit": ("parameter", _text([kept.units[one.index] for one in profiles]), UNIT),
            "lower": ("parameter", ends[:, 0], OWN | {"comment": "of the 95 % interval; 0 is open"}),
            "upper": ("parameter", ends[:, 1], OWN | {"comment": "of the 95 % interval; infinity is open"}),
            "lower_end": ("parameter", _text([one.lower.state for one in profiles])),
            "upper_end": ("parameter", _text([one.upper.state for one in profiles])),
            "verdict": ("parameter", _text(verdicts), {"long_name": "what the profile says"}),
        },
        {"parameter": _text([kept.names[one.index] for one in profiles]), "free": _text(kept.names)},
    )


def _sampled(problem: FitProblem, posterior: Posterior) -> dict[str, xr.Dataset]:
    each = ("chain", "draw")
    walkers, draws = posterior.log_density.shape
    coordinates = {"chain": np.arange(walkers), "draw": np.arange(draws)}
    facts = {
        "inference_library": "emcee",
        "inference_library_version": emcee.__version__,
        "comment": "chains are walkers of one ensemble: they are not independent of one another",
    }
    values = {
        free.name: variable(each, np.exp(posterior.logs[:, :, number]), free.unit, free.name)
        for number, free in enumerate(problem.free)
    }
    statistics = {
        "lp": (
            each,
            posterior.log_density,
            ONE | {"long_name": "log posterior of the logarithms, without its constant"},
        ),
        "accepted": (each, posterior.accepted.astype(np.int8), ONE | {"long_name": "whether the walker moved"}),
    }
    return {
        "posterior": xr.Dataset(values, coordinates, facts),
        "sample_stats": xr.Dataset(statistics, coordinates, facts),
    }
