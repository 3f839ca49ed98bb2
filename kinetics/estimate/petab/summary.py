"""The fit of a PEtab problem as plain numbers, from the tree that its file has too."""

from __future__ import annotations

import json
from typing import Any

import xarray as xr

from kinetics.errors import Fault, InputError
from kinetics.result_kinds import described, needed


def petab_summary(tree: xr.DataTree) -> dict[str, Any]:
    """Everything for JSON: the same of a fit that has just ended and of its file.

    Parameters
    ----------
    tree : xarray.DataTree
        As of `kinetics.PetabFit.tree`.

    Raises
    ------
    InputError
        If it is not the tree of such a fit, or that of an earlier version, which had less.
    """
    try:
        return _summary(tree)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        message = f"is {described(tree)}, and lacks what is said of one: {error}; {needed('petab')}"
        raise InputError(Fault(message, name="result")) from error


def _summary(tree: xr.DataTree) -> dict[str, Any]:
    facts, searches = tree.attrs, tree["searches"].to_dataset()
    return {
        "problem": str(facts["petab"]),
        "petab_version": int(facts["petab_version"]),
        "estimates": _estimates(tree),
        "log_likelihood": float(facts["log_likelihood"]),
        "chi2": float(facts["chi2"]),
        "log_prior": float(facts["log_prior"]),
        "measurements": tree["measurements"].sizes["measurement"],
        "observables": _observables(tree["measurements"].to_dataset()),
        "searches": searches.sizes["search"],
        "searches_that_agree": int(facts["searches_that_agree"]),
        "converged": bool(facts["converged"]),
        "seed": int(facts["seed"]),
        "engine": str(facts["engine"]),
        "relative_tolerance": float(facts["relative_tolerance"]),
        "absolute_tolerance": float(facts["absolute_tolerance"]),
        "model_hash": str(facts["model_hash"]),
        "data_hash": str(facts["data_hash"]),
        "file_hashes": json.loads(facts["file_hashes"]),
        "package_version": str(facts["package_version"]),
        "warnings": str(facts["warnings"]).splitlines(),
    }


def _estimates(tree: xr.DataTree) -> dict[str, dict[str, Any]]:
    table = tree["parameters"].to_dataset()
    columns = ("value", "lower", "upper", "lower_bound", "upper_bound")
    rows: dict[str, dict[str, Any]] = {}
    for index, name in enumerate(table["parameter"].values.tolist()):
        rows[str(name)] = {column: float(table[column].values[index]) for column in columns}
        rows[str(name)]["scale"] = str(table["scale"].values[index])
    profiles = tree["profiles"].to_dataset() if "profiles" in tree.children else None
    for index, name in enumerate([] if profiles is None else profiles["parameter"].values.tolist()):
        assert profiles is not None
        own = profiles.isel(parameter=index)
        rows[str(name)]["profile"] = {
            "lower": float(own["lower"]),
            "upper": float(own["upper"]),
            "lower_end": str(own["lower_end"].item()),
            "upper_end": str(own["upper_end"].item()),
        }
    return rows


def _observables(rows: xr.Dataset) -> dict[str, dict[str, Any]]:
    """How many measurements each has, in how many experiments, and how well they fit."""
    found: dict[str, dict[str, Any]] = {}
    names = rows["observable"].values
    for name in dict.fromkeys(names.tolist()):
        own = rows.isel(measurement=names == name)
        found[str(name)] = {
            "measurements": int(own.sizes["measurement"]),
            "experiments": len(set(own["experiment"].values.tolist())),
            "chi2": float((own["residual"] ** 2).sum()),
        }
    return found
