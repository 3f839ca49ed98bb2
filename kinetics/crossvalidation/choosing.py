"""Which discrepancy a prediction has: that of the latest fit behind it that was cross-validated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinetics.cohorts.lineage import committed_result
from kinetics.crossvalidation.discrepancy import Discrepancy
from kinetics.crossvalidation.discrepancy_file import discrepancy_of, discrepancy_path, read_discrepancy
from kinetics.errors import Fault, InputError
from kinetics.estimate import Estimates
from kinetics.model import Model


def discrepancy_behind(
    choice: bool | Discrepancy | str | Path, model: Model, chain: Sequence[Estimates], cohort: str
) -> Discrepancy | None:
    """The discrepancy of a prediction from a chain of fits, earlier first; None if there is none, or it is turned off.

    By default, which is True, it is the committed one of the latest fit that has one.

    Raises
    ------
    InputError
        If the one that is given is of none of these fits, or cannot be read.

    Warns
    -----
    UserWarning
        If a fit has changed since it was cross-validated; its discrepancy is not used.
    """
    if choice is False:
        return None
    if choice is True:
        paths = ((estimates, _committed(model, estimates.fit, cohort)) for estimates in reversed(chain))
        existing = next(((estimates, path) for estimates, path in paths if path is not None), None)
        return None if existing is None else discrepancy_of(*existing)
    if isinstance(choice, Discrepancy):
        discrepancy, where = choice, ""
    else:
        discrepancy, where = read_discrepancy(choice), str(choice)
    for estimates in chain:
        hashes = estimates.facts.get("data_hash"), estimates.facts.get("model_hash")
        if estimates.fit == discrepancy.fit and hashes == (discrepancy.data_hash, discrepancy.model_hash):
            return discrepancy
    names = ", ".join(estimates.fit for estimates in chain)
    message = f"is of fit '{discrepancy.fit}' in a state that is not behind this prediction, which is from {names}"
    raise InputError(Fault(message, where, "discrepancy"))


def _committed(model: Model, fit: str, cohort: str) -> Path | None:
    """The discrepancy beside the committed result of a fit; None if there is none."""
    try:
        path = discrepancy_path(committed_result(model, fit, cohort))
    except InputError:
        return None
    return path if path.is_file() else None
