"""What a reader of a fit must know of its searches and of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kinetics.estimate.search import Search
from kinetics.published import NORMAL_95
from kinetics.published.likelihoods import PredictedSummary
from kinetics.published.target import Target
from kinetics.published.typical_target import TypicalTarget
from kinetics.regimen.times import in_days, time_text

if TYPE_CHECKING:
    from kinetics.estimate.result import Fit

MOST = 0.5
"""Where a larger share of the fitted rows is outside, the model or the rows are wrong."""
NAMED = 3
"""How many of them are named."""


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
    return [*([message.format(", ".join(lost))] if lost else []), *_outside_warnings(fit)]


def _outside_warnings(fit: Fit) -> list[str]:
    """Where most fitted rows are outside; and rows outside whose time is after a later course than the first."""
    predicted = fit.predicted or (None,) * len(fit.values)
    rows = [row for row in zip(fit.problem.targets, fit.values, predicted, strict=True) if row[0].row.use == "fit"]
    verdicts = [_is_outside(*row) for row in rows]
    outside = {target.row.name: (target, value) for (target, value, _), out in zip(rows, verdicts, strict=True) if out}
    known, warnings = sum(verdict is not None for verdict in verdicts), list[str]()
    if len(outside) > MOST * known:
        farthest = sorted(outside, key=lambda name: -_distance(*outside[name]))[:NAMED]
        warnings.append(
            f"{len(outside)} of {known} fitted rows are outside what their errors allow: the model or the rows are "
            f"wrong; look first at {', '.join(farthest)}"
        )
    for name, (target, _) in outside.items():
        if (later := _course_before(target)) is not None:
            number, start = later
            warnings.append(
                f"{name} is outside, and its time, {target.row.time} from the first dose, is after course {number} at "
                f"{time_text(start)}: if the publication counts from that course, add {time_text(start)}"
            )
    return warnings


def _is_outside(target: Target, value: float, predicted: PredictedSummary | None) -> bool | None:
    """Whether the published number is not where the row's error, or a study of its size, allows it; None if unknown."""
    if predicted is not None:
        inside = predicted.inside()
        return None if inside is None else not inside
    if not isinstance(target, TypicalTarget) or not np.isfinite(value):
        return None
    if target.row.on_own_scale:
        return abs(value - float(target.row.value or 0.0)) > NORMAL_95 * target.error_sd
    return abs(target.log_error(value)) > (0.0 if target.row.is_range else NORMAL_95 * target.error_sd)


def _distance(target: Target, value: float) -> float:
    """By which factor the model's number differs, as a logarithm; 0 if it has none."""
    return float(np.nan_to_num(abs(target.log_error(value)), nan=0.0))


def time_notes(targets: Sequence[Target]) -> tuple[str, ...]:
    """A note on the fitted rows whose time is after a later course than the first, if there are any."""
    late = [
        (target.row, course) for target in targets if target.row.use == "fit" and (course := _course_before(target))
    ]
    if not late:
        return ()
    row, (number, start) = late[0]
    rows = "1 row is" if len(late) == 1 else f"{len(late)} rows are"
    return (
        f"{rows} after a later course, such as {row.name}, {row.time} from the first dose, after course {number} at "
        f"{time_text(start)}; if the publication counts from that course, add {time_text(start)}",
    )


def _course_before(target: Target) -> tuple[int, float] | None:
    """The last course before the time of a row, and its start in days; None if it is the first, or there is no time."""
    if target.row.time is None:
        return None
    before = [start for start in target.regimen.starts if start < in_days(target.row.time)]
    return (len(before), before[-1]) if len(before) > 1 else None
