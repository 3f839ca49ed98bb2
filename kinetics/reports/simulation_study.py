"""Refits of synthetic replicates as text: how well the truth is recovered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kinetics.estimate import FitProblem, Refit
from kinetics.text.numbers import number_text
from kinetics.text.tables import table


def refit_text(problem: FitProblem, rows: Sequence[Mapping[str, Any]], refits: Sequence[Refit]) -> str:
    """Bias and coverage of every parameter; ``rows`` are those of `kinetics.estimate.SimulationStudy.rows`."""
    head = ["parameter", "truth", "mean", "median", "bias", "scatter", "standard error", "coverage"]
    cells = [
        [
            row["name"],
            *(number_text(row[key]) for key in ("truth", "mean", "median")),
            f"{100 * row['bias']:+.1f} ± {100 * row['bias_se']:.1f} %",
            number_text(row["scatter"]),
            number_text(row["log_se"]),
            f"{100 * row['coverage']:.1f} %",
        ]
        for row in rows
    ]
    seconds = [one.seconds for one in refits]
    failed = [one for one in refits if one.failure]
    lost = sum(not one.converged for one in refits) - len(failed)
    parts = [
        f"{problem.name}: {rows[0]['studies']} synthetic replicates, refitted; scatter and standard error (median) are "
        "of the logarithm",
        table(head, cells, text=(0,)),
        f"{np.median(seconds):.1f} s a refit (median), {np.max(seconds):.1f} s at most; {lost} did not converge",
        *(f"replicate {one.replicate} is left out: {one.failure}" for one in failed),
    ]
    return "\n\n".join(parts)
