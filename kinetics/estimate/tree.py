"""A finished fit as a tree of datasets, and its estimates read back from one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.errors import InputError
from kinetics.estimate.objective.studies import StudyEffectsObjective
from kinetics.estimate.objective.typical import TOLERANCES
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search import Search
from kinetics.estimate.study_estimates import study_estimates
from kinetics.estimate.uncertainty.posterior import Posterior
from kinetics.estimate.uncertainty.practical import profile_verdict
from kinetics.estimate.uncertainty.profile import Profile
from kinetics.result_kinds import described, needed
from kinetics.results import provenance, read_result, variable

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates
    from kinetics.estimate.result import Fit

FACTS = ("package_version", "model_hash", "data_hash", "seed", "cost", "condition_number", "about")
"""The keys of `Estimates.facts`, attributes of the tree."""


def fields_in_file(path: Path) -> dict[str, Any]:
    """The fields of `Estimates` in the file of a result; `InputError`, with its path, if that is not of a fit."""
    tree = read_result(path)
    try:
        return fields_in_tree(tree)
    except InputError as error:
        raise InputError(*(fault.located(str(path), "") for fault in error.faults)) from error


def fields_in_tree(tree: xr.DataTree) -> dict[str, Any]:
    """The fields of `Estimates` by name; `InputError` if the tree is not that of a fit."""
    if "estimates" not in tree.children:
        raise InputError(f"not the result of a fit: it is {described(tree)}; {needed('fit')}")
    try:
        estimates, covariance = tree["estimates"].to_dataset(), tree["covariance"].to_dataset()
        facts = {key: tree.attrs[key] for key in FACTS}
        return {
            **{key: str(tree.attrs[key]) for key in ("fit", "model", "cohort")},
            "names": _strings(estimates["parameter"]),
            "units": _strings(estimates["unit"]),
            "verdicts": _strings(estimates["verdict"]),
            "values": np.asarray(estimates["value"].values, dtype=float),
            "covariance": np.asarray(covariance["log_covariance"].values, dtype=float),
            "earlier": _strings(covariance["given"]),
            "earlier_values": np.asarray(covariance["given_value"].values, dtype=float),
            "response": np.asarray(covariance["log_response"].values, dtype=float),
            "facts": {key: fact.item() if isinstance(fact, np.generic) else fact for key, fact in facts.items()},
            "builds_on": tuple(filter(None, str(tree.attrs["builds_on"]).split(", "))),
        }
    except (KeyError, AttributeError) as error:
        message = f"not a result of a fit that this version reads: it is {described(tree)}, and has no {error}"
        raise InputError(f"{message}; {needed('fit')}") from error
    except (TypeError, ValueError) as error:  # shapes and types of another program's file
        raise InputError(f"not the result of a fit: {error}") from error


def _strings(values: xr.DataArray) -> tuple[str, ...]:
    return tuple(map(str, values.values))


Column = tuple[str | tuple[str, ...], Any, dict[str, str]]
"""Dims, values and attributes of a variable."""


def fit_tree(fit: Fit) -> xr.DataTree:
    """Everything a fit found.

    Groups ``estimates``, ``covariance``, ``prior``, ``observed``, ``predicted``, ``diagnostics``; numbers in different
    units stand beside a variable ``unit``. Also ``studies`` if they differ, ``profiles``, and ``posterior`` and
    ``sample_stats`` as ArviZ reads them.
    """
    problem, estimates = fit.problem, fit.estimates
    tree = xr.DataTree.from_dict(
        {
            "estimates": _estimates(estimates),
            "covariance": _covariance(estimates, fit.uncertainty.correlation),
            "prior": _prior(problem, estimates),
            **_targets(fit),
            "diagnostics": _diagnostics(fit.searches, estimates),
            **_studies(fit),
            **({"profiles": _profiles(problem, estimates, fit.profiles)} if fit.profiles else {}),
            **({} if fit.posterior is None else _sampled(problem, fit.posterior)),
        }
    )
    of = {name: getattr(estimates, name) for name in ("fit", "model", "cohort")}
    of["builds_on"] = ", ".join(estimates.builds_on)
    engine = "scipy LSODA" if problem.engine == "scipy" else "batch Rodas5P"
    bounds = {"relative_tolerance": TOLERANCES.relative, "absolute_tolerance": TOLERANCES.absolute}
    tree.attrs.update(provenance(engine=engine, warnings="; ".join(fit.warnings)) | bounds | of | estimates.facts)
    return tree


def _pure(dims: str | tuple[str, ...], values: Any, long_name: str) -> Column:
    return dims, values, {"units": "1", "long_name": long_name}


def _own(dims: str | tuple[str, ...], values: Any, **attrs: str) -> Column:
    """Numbers of several units: a variable ``unit`` beside them says which."""
    return dims, values, {"long_name": "in its own unit", **attrs}


def _text(dim: str, values: Sequence[str], long_name: str) -> Column:
    return dim, _texts(values), {"long_name": long_name}


def _texts(values: Sequence[str]) -> np.ndarray:
    return np.array(values, dtype=object)


def _estimates(estimates: Estimates) -> xr.Dataset:
    return xr.Dataset(
        {
            "value": _own("parameter", estimates.values, long_name="estimate, in its own unit"),
            "unit": _text("parameter", estimates.units, "unit of the value"),
            "log_se": _pure("parameter", estimates.log_se, "standard error of the natural logarithm"),
            "verdict": _text("parameter", estimates.verdicts, "what the data say"),
        },
        {"parameter": _texts(estimates.names)},
    )


def _covariance(estimates: Estimates, correlation: np.ndarray) -> xr.Dataset:
    square, follows = ("parameter", "parameter_2"), "how the logarithm of an estimate follows that of a parameter"
    names = _texts(estimates.names)
    return xr.Dataset(
        {
            "log_covariance": _pure(square, estimates.covariance, "covariance of the natural logarithms"),
            "correlation": _pure(square, correlation, "correlation of the natural logarithms"),
            "log_response": _pure(("parameter", "given"), estimates.response, f"{follows} fixed at another fit's"),
            "given_value": _own("given", estimates.earlier_values, long_name="where it was fixed, in the model's unit"),
        },
        {"parameter": names, "parameter_2": names, "given": _texts(estimates.earlier)},
    )


def _prior(problem: FitProblem, estimates: Estimates) -> xr.Dataset:
    free = problem.free
    log_sd = [np.nan if one.log_sd is None else one.log_sd for one in free]
    return xr.Dataset(
        {
            "center": _own("parameter", [one.start for one in free]),
            "log_sd": _pure("parameter", log_sd, "of the natural logarithm; NaN is flat"),
            "lower": _own("parameter", [one.lower for one in free]),
            "upper": _own("parameter", [one.upper for one in free]),
            "unit": _text("parameter", estimates.units, "unit of the value"),
        },
        {"parameter": _texts(estimates.names)},
    )


def _targets(fit: Fit) -> dict[str, xr.Dataset]:
    """What was published, and the model's counterpart."""
    rows = [target.row for target in fit.problem.targets]
    at = {"target": _texts([row.name for row in rows])}
    numbers = {
        key: ("target", [np.nan if (cell := getattr(row, key)) is None else cell for row in rows], {"long_name": key})
        for key in ("value", "lower", "upper")
    }
    texts = {
        key: _text("target", [getattr(row, key) for row in rows], key) for key in ("unit", "use", "statistic", "source")
    }
    predicted = {
        "value": _own("target", fit.values, long_name="of the model, in the unit of the row"),
        "unit": _text("target", [row.unit for row in rows], "unit of the value"),
    }
    return {"observed": xr.Dataset(numbers | texts, at), "predicted": xr.Dataset(predicted, at)}


def _studies(fit: Fit) -> dict[str, xr.Dataset]:
    """What each study says by itself, if studies differ."""
    if not isinstance(fit.objective, StudyEffectsObjective):
        return {}
    return {"studies": study_estimates(fit.objective, fit.best.end, fit.uncertainty.log_se)}


def _diagnostics(searches: Sequence[Search], estimates: Estimates) -> xr.Dataset:
    each = ("search", "parameter")
    return xr.Dataset(
        {
            "cost": _pure("search", [one.cost for one in searches], "half the sum of squared residuals"),
            "start": _own(each, np.exp([one.start for one in searches])),
            "end": _own(each, np.exp([one.end for one in searches])),
            "converged": ("search", [int(one.converged) for one in searches], {"units": "1"}),
        },
        {"parameter": _texts(estimates.names), "search": np.arange(1, len(searches) + 1)},
    )


def _profiles(problem: FitProblem, estimates: Estimates, profiles: Sequence[Profile]) -> xr.Dataset:
    """One row a profiled parameter; rows shorter than the longest are filled with NaN."""
    size, each = max(one.drop.size for one in profiles), ("parameter", "point")
    along = np.full((len(profiles), size, len(estimates.names)), np.nan)
    drop = np.full((len(profiles), size), np.nan)
    for row, one in enumerate(profiles):
        along[row, : one.drop.size], drop[row, : one.drop.size] = np.exp(one.points), one.drop
    indices = [one.index for one in profiles]
    value = along[np.arange(len(profiles)), :, indices]
    verdicts = [profile_verdict(one, problem.free[one.index].prior_sd) for one in profiles]
    ends = np.array([one.interval for one in profiles])
    below = "log posterior below that of the estimates, the other parameters following"
    return xr.Dataset(
        {
            "value": _own(each, value),
            "drop": _pure(each, drop, below),
            "along": _own((*each, "free"), along, long_name="all parameters there, each in its own unit"),
            "unit": _text("parameter", [estimates.units[index] for index in indices], "unit of the value"),
            "lower": _own("parameter", ends[:, 0], comment="of the 95 % interval; 0 is open"),
            "upper": _own("parameter", ends[:, 1], comment="of the 95 % interval; infinity is open"),
            "lower_end": ("parameter", _texts([one.lower.state for one in profiles])),
            "upper_end": ("parameter", _texts([one.upper.state for one in profiles])),
            "verdict": _text("parameter", verdicts, "what the profile says"),
        },
        {"parameter": _texts([estimates.names[index] for index in indices]), "free": _texts(estimates.names)},
    )


def _sampled(problem: FitProblem, posterior: Posterior) -> dict[str, xr.Dataset]:
    import emcee

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
    density = _pure(each, posterior.log_density, "log posterior of the logarithms, without its constant")
    moved = _pure(each, posterior.accepted.astype(np.int8), "whether the walker moved")
    return {
        "posterior": xr.Dataset(values, coordinates, facts),
        "sample_stats": xr.Dataset({"lp": density, "accepted": moved}, coordinates, facts),
    }
