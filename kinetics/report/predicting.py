"""A prediction as text: counts with their uncertainty, and recovery after each course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xarray as xr

from kinetics.report.course import series, time_course_table
from kinetics.report.recovery import recovery_table
from kinetics.report.tables import WIDTH

__all__ = ["prediction_text"]


def prediction_text(
    tree: xr.DataTree, recovery: Sequence[dict[str, Any]], width: int = WIDTH, *, counts: bool = True
) -> str:
    """Counts over time and recovery times of a prediction.

    Parameters
    ----------
    tree : xarray.DataTree
        Of `kinetics.prediction.predict`.
    recovery : sequence of dict
        Of `kinetics.prediction.recovery_summary`.
    width : int
        Characters a line.
    counts : bool
        Print the counts over time too.
    """
    root, interval = tree.to_dataset(), tree["interval"].to_dataset()
    names = [name for name in series(root) if "lower_limit" in root[name].attrs] or series(root)
    facts = tree.attrs
    parts = (
        f"{facts['regimen']}, cohort {facts['cohort']}, from {facts['fits']}; {facts['draws']} draws of the parameters",
        "Typical patient [95 % interval over parameter uncertainty]\n" + time_course_table(root, names, interval, width)
        if counts
        else "",
        recovery_table(
            recovery, "Time from the first dose of each course to the lower limit of normal, typical patient", "draws"
        ),
    )
    return "\n\n".join(filter(None, parts))
