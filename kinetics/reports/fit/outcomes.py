"""What became of each of several fits, as text and for a program."""

from __future__ import annotations

from typing import Any

from kinetics.dependence import FitOutcome, FitOutcomes
from kinetics.text.numbers import number_text
from kinetics.text.tables import WIDTH, paragraph, table

_EQUAL = {True: "equal", False: "differs", None: "none"}
_NOTE = (
    "Log posterior: without constants; of a fit of the typical patient minus half the sum of squares. Difference: the "
    "largest of an estimate from the committed one, in standard errors. Committed: equal if all estimates and standard "
    "errors are the same to the ten digits that are written."
)


def fit_outcomes_text(made: FitOutcomes, width: int = WIDTH) -> str:
    """The table, why some could not be fitted, and what the columns mean."""
    head = ["fit", "status", "seconds", "log posterior", "difference", "committed"]
    reasons = (paragraph(f"{one.name} could not be fitted: {one.reason}", width) for one in made.failed)
    return "\n\n".join([table(head, map(_cells, made.outcomes), text=(0, 1, 5)), *reasons, paragraph(_NOTE, width)])


def fit_outcomes_json(made: FitOutcomes) -> dict[str, Any]:
    """The same for a program."""
    return {"fits": made.summary()}


def outcome_line(one: FitOutcome) -> str:
    """One fit in one line."""
    if one.status == "failed":
        return f"{one.name}: could not be fitted: {one.reason}"
    if one.status == "current":
        return f"{one.name}: the committed result is current"
    took = "by the interrupted run" if one.seconds is None else f"in {one.seconds:.0f} s"
    return f"{one.name}: fitted {took}; {_compared(one)}"


def _compared(one: FitOutcome) -> str:
    assert one.agreement is not None
    if one.agreement.largest is None:
        return str(one.agreement)
    return "equal to the committed result" if one.is_equal else _difference(one)


def _difference(one: FitOutcome) -> str:
    assert one.agreement is not None
    assert one.agreement.standard_errors is not None
    errors = number_text(one.agreement.standard_errors)
    return f"differs from the committed result by at most {errors} standard errors"


def _cells(one: FitOutcome) -> list[str]:
    errors = None if one.agreement is None else one.agreement.standard_errors
    return [
        one.name,
        one.status,
        "" if one.seconds is None else f"{one.seconds:.0f}",
        "" if one.log_posterior is None else f"{round(one.log_posterior, 2) + 0.0:.2f}",
        "" if errors is None else number_text(errors),
        "" if one.status == "failed" else _EQUAL[one.is_equal],
    ]
