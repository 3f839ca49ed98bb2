"""A fit as a document needs it, whatever it was read from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import xarray as xr

from kinetics.estimate import Estimates, Fit, FitProblem
from kinetics.estimate.objective.typical import TOLERANCES
from kinetics.estimate.summary import rms_log_error
from kinetics.figures.agreement.compute import predicted_summaries
from kinetics.figures.base.labels import row_label
from kinetics.files.checksums import tree_checksum
from kinetics.units import parse_unit, written_unit


@dataclass(frozen=True, eq=False)
class FittedResult:
    """A fit whatever it was read from: its problem, estimates, facts, and the summary that `report` prints."""

    problem: FitProblem
    estimates: Estimates
    facts: Mapping[str, Any]
    summary: Mapping[str, Any]
    searches: xr.Dataset | None = None

    @classmethod
    def of_fit(cls, fit: Fit) -> FittedResult:
        """What `kinetics.fit` returned."""
        tree = fit.tree()
        facts = {str(name): fact for name, fact in tree.attrs.items()} | {"checksum": tree_checksum(tree)}
        return cls(fit.problem, fit.estimates, facts, fit.summary(), tree["diagnostics"].to_dataset())

    @classmethod
    def of_tree(cls, tree: xr.DataTree, folder: Path | None = None) -> FittedResult:
        """The NetCDF file of a fit; its problem is in ``folder``, if it does not ship."""
        estimates = Estimates.from_tree(tree)
        problem = _problem_of(estimates, folder)
        predicted = tree["predicted"].to_dataset()
        values = dict(zip(predicted["target"].values.tolist(), predicted["value"].values.tolist(), strict=True))
        facts = {str(name): fact for name, fact in tree.attrs.items()} | {"checksum": tree_checksum(tree)}
        warnings = list(filter(None, str(tree.attrs.get("warnings", "")).split("; ")))
        summary = _summary(problem, estimates, warnings, values)
        return cls(problem, estimates, facts, summary, tree["diagnostics"].to_dataset())

    @classmethod
    def of_estimates(cls, estimates: Estimates, folder: Path | None = None) -> FittedResult:
        """A committed result."""
        problem = _problem_of(estimates, folder)
        engine = "scipy LSODA" if problem.engine == "scipy" else "batch Rodas5P"
        bounds = {"relative_tolerance": TOLERANCES.relative, "absolute_tolerance": TOLERANCES.absolute}
        of = {name: getattr(estimates, name) for name in ("fit", "model", "cohort", "builds_on")}
        facts = {**estimates.facts, **of, "engine": engine, **bounds}
        return cls(problem, estimates, facts, _summary(problem, estimates, [], {}))

    @cached_property
    def titled(self) -> list[dict[str, Any]]:
        """The targets of the summary with a name for readers."""
        labels = {target.row.name: row_label(target.row, model=self.problem.model) for target in self.problem.targets}
        return [{**row, "name": labels[row["name"]]} for row in self.summary["targets"]]


def _problem_of(estimates: Estimates, folder: Path | None) -> FitProblem:
    own = None if folder is None else folder / f"{Path(estimates.fit).name}.toml"
    return FitProblem.load(own if own is not None and own.is_file() else estimates.fit)


def _summary(
    problem: FitProblem, estimates: Estimates, warnings: Sequence[str], values: Mapping[str, float]
) -> dict[str, Any]:
    """As `Fit.summary`, of what was read; ``values`` are the model's of the rows, as far as the result has them."""
    summaries = predicted_summaries(problem, estimates)
    found = [values.get(target.row.name, one.interval.value) for target, one in summaries]
    with_studies = any(not math.isnan(one.interval.lower) for _, one in summaries)
    return {
        "fit": problem.name,
        "targets": [
            {**target.row.summary(), "fitted": value, **(one.summary() if with_studies else {})}
            for (target, one), value in zip(summaries, found, strict=True)
        ],
        "estimates": {
            name: {
                "value": row.value,
                "se": row.value * row.log_se,
                "unit": written_unit(parse_unit(row.unit)),
                "verdict": row.verdict,
            }
            for name, row in estimates.by_name.items()
        },
        "rms_log_error": rms_log_error(problem.targets, found),
        "minus_2_log_likelihood": None,
        "condition_number": float(estimates.facts["condition_number"]),
        "warnings": list(warnings),
    }
