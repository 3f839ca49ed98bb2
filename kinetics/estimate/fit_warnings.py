"""What a reader of a fit must know of its searches and of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kinetics.estimate.search import Search

if TYPE_CHECKING:
    from kinetics.estimate.result import Fit


def search_warnings(searches: Sequence[Search], best: Search) -> list[str]:
    """Of a best search that did not converge, of worse ends, and of equal ones at different values."""
    warnings: list[str] = []
    if not best.converged:
        warnings.append(f"the best search did not converge ({best.message}): these are not estimates yet")
    equal_cost = best.cost + 1e-3 * abs(best.cost) + 1e-6
    worse = sum(one.cost > equal_cost for one in searches)
    if worse:
        warnings.append(
            f"{worse} of {len(searches)} searches ended at a worse fit: try more starts for a better one still"
        )
    equal = [one.end for one in searches if one.cost <= equal_cost]
    if max(float(np.abs(end - best.end).max()) for end in equal) > 0.05:
        warnings.append("searches ended equally well at different values: the estimates are not unique")
    return warnings


def row_warnings(fit: Fit) -> list[str]:
    """Of fitted rows for which the model has no value."""
    lost = [
        target.row.name
        for target, value in zip(fit.problem.targets, fit.values, strict=True)
        if target.row.use == "fit" and not np.isfinite(value)
    ]
    if fit.predicted:
        message = "in the model less than half of the patients recover, which {} contradicts"
    else:
        message = (
            "the model has no recovery time for {}, being back at the level in the limit at most: the search had a "
            "stand-in, and standard errors mean little"
        )
    return [message.format(", ".join(lost))] if lost else []
