"""What a fit's tree says of its estimates, read back; `tree` writes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from kinetics.errors import InputError

__all__ = ["FACTS", "fields_in_tree"]

FACTS = ("package_version", "model_hash", "data_hash", "seed", "cost", "condition_number", "about")
"""The keys of `Estimates.facts`, attributes of the tree."""


def fields_in_tree(tree: xr.DataTree) -> dict[str, Any]:
    """The fields of `Estimates` by name.

    Raises
    ------
    InputError
        If the tree is not that of a fit.
    """
    for group in ("estimates", "covariance"):
        if group not in tree.children:
            raise InputError(f"not the result of a fit: it has no group '{group}'")
    try:
        estimates, covariance = tree["estimates"].to_dataset(), tree["covariance"].to_dataset()
        facts = {key: tree.attrs[key] for key in FACTS}
        return {
            **{key: str(tree.attrs[key]) for key in ("fit", "model", "cohort")},
            "names": _texts(estimates["parameter"]),
            "units": _texts(estimates["unit"]),
            "verdicts": _texts(estimates["verdict"]),
            "values": np.asarray(estimates["value"].values, dtype=float),
            "covariance": np.asarray(covariance["log_covariance"].values, dtype=float),
            "given": _texts(covariance["given"]),
            "given_values": np.asarray(covariance["given_value"].values, dtype=float),
            "response": np.asarray(covariance["log_response"].values, dtype=float),
            "facts": {key: fact.item() if isinstance(fact, np.generic) else fact for key, fact in facts.items()},
            "builds_on": tuple(filter(None, str(tree.attrs["builds_on"]).split(", "))),
        }
    except (KeyError, AttributeError) as error:
        raise InputError(f"not the result of a fit: it has no {error}") from error
    except (TypeError, ValueError) as error:  # shapes and types of another program's file
        raise InputError(f"not the result of a fit: {error}") from error


def _texts(values: xr.DataArray) -> tuple[str, ...]:
    return tuple(map(str, values.values))
