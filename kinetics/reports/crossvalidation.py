"""A cross-validation as text and for a program."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from kinetics.crossvalidation import CrossValidation
from kinetics.crossvalidation.discrepancy import ALL, FAR, NEAR
from kinetics.crossvalidation.folds import UNFITTED
from kinetics.text.numbers import number_text, percent_text
from kinetics.text.tables import WIDTH, table

INTRODUCTION = (
    "Each number is predicted from a fit of the rows outside its fold. Errors are published minus predicted, on the "
    "logarithm. Intervals are of 90 %, without and with the discrepancy of the model, which is estimated without the "
    "fold. A number that the other rows do not predict within a factor of seven is not counted in coverage. Sources "
    "that the fit never had are predicted without a refit. A finding counts once, whatever its numbers."
)

_LEFT_OUT = {UNFITTED: "never fitted"}
_DISTANCES = {NEAR: "visit", FAR: "each step"}
"""As tables have them."""


def crossvalidation_text(validated: CrossValidation, width: int = WIDTH) -> str:
    """Scores, every number, and the discrepancy."""
    scores = [
        [
            _LEFT_OUT.get(row["by"], row["by"]),
            *(str(row[key]) for key in ("folds", "numbers", "findings", "not_predicted")),
            *(_share(row[key]) for key in ("coverage", "coverage_with")),
            *(f"{row[key]:.2f}" for key in ("log_score", "log_score_with")),
        ]
        for row in validated.score_rows()
    ]
    head = ["left out", "folds", "numbers", "findings", "not predicted", "coverage", "with", "log score", "with"]
    parts = [
        f"{validated.problem.name}: cross-validation, log score {validated.log_score:.2f}",
        textwrap.fill(INTRODUCTION, width),
        table(head, scores),
        _numbers_table(validated),
        _discrepancy_table(validated),
        *(f"warning: {warning}" for warning in validated.warnings),
    ]
    return "\n\n".join(parts)


def crossvalidation_json(validated: CrossValidation) -> dict[str, Any]:
    """The same for a program."""
    discrepancy = validated.discrepancy
    return {
        "fit": discrepancy.fit,
        "data_hash": discrepancy.data_hash,
        "model_hash": discrepancy.model_hash,
        "seed": discrepancy.seed,
        "log_score": validated.log_score,
        "scores": validated.score_rows(),
        "numbers": [one.summary() for one in validated.numbers],
        "discrepancy": [
            {"distance": distance, "output": output, "number": number, **vars(one)}
            for (distance, output, number), one in discrepancy.classes.items()
        ],
        "warnings": list(validated.warnings),
    }


def _numbers_table(validated: CrossValidation) -> str:
    cells = [
        [
            _LEFT_OUT.get(one.fold.by, one.fold.by),
            one.left_out.row,
            one.left_out.number,
            f"{one.left_out.steps:.1f}",
            f"{one.left_out.error:+.2f}",
            f"{one.left_out.sampling_sd:.2f}",
            f"{one.left_out.parameter_sd:.2f}",
            f"{one.discrepancy_sd:.2f}",
            f"{one.standardised:+.1f}",
            ("inside" if one.inside else "outside") if one.left_out.informative else "not predicted",
            ("inside" if one.inside_with else "outside") if one.left_out.informative else "",
        ]
        for one in validated.numbers
    ]
    head = [
        "left out",
        "row",
        "number",
        "steps",
        "error",
        "sampling",
        "parameters",
        "model",
        "error/SD",
        "90 %",
        "with",
    ]
    return table(head, cells, text=(0, 1, 2, 9, 10))


def _discrepancy_table(validated: CrossValidation) -> str:
    if not validated.discrepancy.classes:
        return "No row is predicted by the others: nothing is known of the discrepancy of the model."
    cells = [
        [
            _DISTANCES[distance],
            *("all" if name == ALL else name for name in (output, number)),
            f"{one.log_sd:.3f}",
            f"{one.log_sd * one.relative_se:.3f}" if one.log_sd else "-",
            number_text(one.freedom),
            str(one.numbers),
        ]
        for (distance, output, number), one in validated.discrepancy.classes.items()
    ]
    head = ["distance", "output", "number", "log SD", "standard error", "degrees of freedom", "numbers"]
    return f"Discrepancy of the model\n{table(head, cells, text=(0, 1, 2))}"


def _share(share: float) -> str:
    return "-" if math.isnan(share) else percent_text(share)
