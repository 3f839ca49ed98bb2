"""The result of a cross-validation: every left-out number, scores, and the discrepancy of the model."""

# pandas has no complete types
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.crossvalidation.discrepancy import Discrepancy, estimated_classes
from kinetics.crossvalidation.discrepancy_file import discrepancy_path, write_discrepancy
from kinetics.crossvalidation.distance import fitted_arms
from kinetics.crossvalidation.folds import UNFITTED
from kinetics.crossvalidation.left_out import FoldResult
from kinetics.crossvalidation.scores import ScoredNumber, score_rows, scored_numbers
from kinetics.errors import InputError
from kinetics.estimate import FitProblem
from kinetics.published import PublishedFact
from kinetics.results import Drawable, provenance

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation(Drawable):
    """Published numbers of a fit, each predicted from a fit without it.

    Parameters
    ----------
    problem : FitProblem
        What was fitted.
    results : tuple of FoldResult
        Every fold, refitted: by row, by visit, by source.
    facts : tuple of PublishedFact
        What was published by sources that the fit never had, of which ``results`` have the numbers.

    Examples
    --------
    >>> crossvalidate("my_fit").scores()  # doctest: +SKIP
    """

    problem: FitProblem
    results: tuple[FoldResult, ...]
    facts: tuple[PublishedFact, ...] = ()

    def __repr__(self) -> str:
        parts = (f"{row['numbers']} numbers by {row['by']}" for row in self.score_rows())
        return f"<CrossValidation of '{self.problem.name}': {', '.join(parts)}, log score {self.log_score:.4g}>"

    def _repr_html_(self) -> str:
        return self.scores().to_html()

    @cached_property
    def numbers(self) -> tuple[ScoredNumber, ...]:
        """Every left-out number beside its predictions."""
        return tuple(scored_numbers(self.results))

    @cached_property
    def discrepancy(self) -> Discrepancy:
        """What the model gets wrong, from all folds."""
        problem = self.problem
        classes = estimated_classes(self.results)
        hashes = problem.data_hash, problem.model.content_hash
        return Discrepancy(problem.name, *hashes, problem.seed, classes, fitted_arms(problem))

    @property
    def log_score(self) -> float:
        """The sum of log predictive densities, discrepancy included, of the numbers of visits left out; larger is
        better. Of rows left out if visits were not.

        It compares models that were fitted to the same rows.
        """
        scores = {row["by"]: row["log_score_with"] for row in self.score_rows()}
        return float(next((scores[by] for by in ("visit", "row", "source") if by in scores), np.nan))

    def log_scores(self) -> dict[str, float]:
        """Log scores, discrepancy included, by what is left out: row, visit, source, and each unfitted source.

        Numbers that the rest does not predict are left out of them.
        """
        scores = dict[str, float]()
        for one in self.numbers:
            if one.left_out.informative:
                column = one.fold.name if one.fold.by == UNFITTED else one.fold.by
                scores[column] = scores.get(column, 0.0) + one.left_out.weight * one.log_density_with
        return scores

    @property
    def warnings(self) -> tuple[str, ...]:
        """Folds without numbers, and searches that did not converge."""
        named = [(f"{one.fold.by} {one.fold.name}", one) for one in self.results]
        failed = [f"{name} is left out of all scores: {one.failure}" for name, one in named if one.failure]
        return (*failed, *(f"{name}: the fit of the rest did not converge" for name, one in named if _is_loose(one)))

    def score_rows(self) -> list[Mapping[str, Any]]:
        """One row a kind of fold: ``by``, ``folds``, ``numbers``, ``not_predicted`` (of these, by the other rows),
        ``coverage`` of 90 % intervals and ``log_score``, and both ``_with`` the discrepancy.
        """
        return score_rows(self.numbers)

    def scores(self) -> pd.DataFrame:
        """The same as a table."""
        import pandas as pd

        return pd.DataFrame(self.score_rows()).set_index("by")

    def table(self) -> pd.DataFrame:
        """One row a left-out number: errors and standard deviations of the logarithm, and whether it is inside."""
        import pandas as pd

        return pd.DataFrame([one.summary() for one in self.numbers])

    def dataset(self) -> xr.Dataset:
        """The same as a dataset.

        Returns
        -------
        xarray.Dataset
            Variables on (target,), the left-out numbers, dimensionless: errors and standard deviations of logarithms.
        """
        rows, problem = [one.summary() for one in self.numbers], self.problem
        data = {
            key: ("target", np.array([row[key] for row in rows]), {"units": "1"} if _is_number(rows, key) else {})
            for key in (rows[0] if rows else ())
        }
        facts = {"fit": problem.name, "data_hash": problem.data_hash, "model_hash": problem.model.content_hash}
        return xr.Dataset(data, attrs=provenance(**facts, seed=problem.seed, log_score=self.log_score))

    def save(self, path: str | Path | None = None) -> Path:
        """Write the discrepancy, which predictions of the fit read.

        Parameters
        ----------
        path : str or pathlib.Path, optional
            By default ``NAME.discrepancy.toml`` beside the problem.

        Returns
        -------
        pathlib.Path
            Where it was written.

        Raises
        ------
        InputError
            If no left-out number tells of it.
        """
        path = discrepancy_path(self.problem.path) if path is None else Path(path)
        if not self.discrepancy.classes:
            raise InputError(
                f"the rows of fit '{self.problem.name}' do not predict one another: there is nothing to save"
            )
        write_discrepancy(path, self.discrepancy)
        return path


def _is_loose(one: FoldResult) -> bool:
    return not one.converged and not one.failure


def _is_number(rows: list[dict[str, Any]], key: str) -> bool:
    return isinstance(rows[0][key], float)
