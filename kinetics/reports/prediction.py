"""A prediction as text: the typical patient, the population, and a future study."""

from __future__ import annotations

from typing import Any

import xarray as xr

from kinetics.prediction import recovery_summary
from kinetics.reports.course import exploratory, series, time_course_table
from kinetics.reports.population import population_json, population_text, study_json, study_text
from kinetics.reports.recovery import recovery_json, recovery_table
from kinetics.text.tables import WIDTH

__all__ = ["prediction_json", "prediction_text"]


def prediction_text(tree: xr.DataTree, width: int = WIDTH, *, counts: bool = True) -> str:
    """Counts over time, if asked, and recovery of a prediction, and those of its population and study if it has them.

    ``tree`` is of `kinetics.predict`; ``width`` is in characters.
    """
    root, interval = tree.to_dataset(), tree["interval"].to_dataset()
    names, facts = _printed(root), tree.attrs
    parts = (
        f"{facts['regimen']}, cohort {facts['cohort']}, from {facts['fits']}; {facts['draws']} draws of the parameters",
        "Typical patient [95 % interval over parameter uncertainty]\n"
        + time_course_table(root, names, (interval,), width)
        if counts
        else "",
        recovery_table(
            recovery_summary(tree),
            "Time from the first dose of each course to the lower limit of normal, typical patient",
            "draws",
            exploratory(root),
        ),
        population_text(tree, names, width, counts=counts) if "over_patients" in tree.children else "",
        study_text(tree, names, width) if counts and "study" in tree.children else "",
    )
    return "\n\n".join(filter(None, parts))


def prediction_json(tree: xr.DataTree) -> dict[str, Any]:
    """The same for a program: ``recovery``, and ``population`` and ``study`` if the prediction has them."""
    names = _printed(tree.to_dataset())
    facts = {key: tree.attrs.get(key) for key in ("regimen", "cohort", "model", "fits", "draws", "seed")}
    content = {**facts, "recovery": recovery_json(recovery_summary(tree))}
    if "over_patients" in tree.children:
        content["population"] = population_json(tree, names)
    if "study" in tree.children:
        content["study"] = study_json(tree, names)
    return content


def _printed(root: xr.Dataset) -> list[str]:
    """Outputs with a lower limit, or all if none has one."""
    return [name for name in series(root) if "lower_limit" in root[name].attrs] or series(root)
