"""Variants at their estimates, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kinetics.estimate import Estimates, FitProblem
from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.search import objective_of
from kinetics.published.likelihoods import PredictedSummary
from kinetics.results import Drawable

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = {True: "inside", False: "outside", None: "no n"}
"""Whether a published number lies where that of a study would; without the number of patients nobody knows."""


@dataclass(frozen=True, eq=False)
class FittedVariant:
    """A variant at its estimates.

    Parameters
    ----------
    problem : FitProblem
        What was fitted.
    estimates : Estimates
        What the fit found.
    log_likelihood, log_posterior : float
        Of the fitted rows at the estimates; priors count without their constants, as in the search.
    predicted : tuple of PredictedSummary
        Every row in the population, fitted or only compared, in order.
    scores : mapping of str to float
        What the caller of `compare_models` computes of the estimates, by column, such as cross-validated log scores.
    """

    problem: FitProblem
    estimates: Estimates
    log_likelihood: float
    log_posterior: float
    predicted: tuple[PredictedSummary, ...]
    scores: Mapping[str, float] = field(default_factory=dict[str, float])

    @classmethod
    def at(cls, problem: FitProblem, estimates: Estimates) -> FittedVariant:
        """A problem at estimates of it; `IntegrationError` if the model cannot be integrated there."""
        objective = objective_of(problem)
        assert isinstance(objective, LikelihoodObjective)  # of a population, as is checked before
        point = problem.log_parameters(estimates.by_flat_name(problem.model))
        log_posterior = objective.log_posterior(point)
        log_likelihood = log_posterior - objective.log_prior(point)
        return cls(problem, estimates, log_likelihood, log_posterior, objective.predicted(point, problem.targets))

    @property
    def numbers_inside(self) -> tuple[int, int]:
        """How many numbers of the fitted rows lie where those of a study would, and of how many that is known."""
        verdicts = [
            verdict
            for one in self.predicted
            if one.row.use == "fit"
            for verdict in (one.inside(), one.spread_inside())
            if verdict is not None
        ]
        return sum(verdicts), len(verdicts)

    @property
    def compared(self) -> tuple[PredictedSummary, ...]:
        """The rows that are only compared."""
        return tuple(one for one in self.predicted if one.row.use != "fit")

    def summary(self) -> dict[str, Any]:
        """As the JSON of the command has it."""
        inside, known = self.numbers_inside
        return {
            "variant": self.problem.name,
            "title": self.problem.title,
            "model": self.problem.model.name,
            "parameters": len(self.problem.free),
            "log_likelihood": self.log_likelihood,
            "log_posterior": self.log_posterior,
            "numbers_inside": inside,
            "numbers": known,
            **({"scores": dict(self.scores)} if self.scores else {}),
            "compared": {
                one.row.name: {"value": one.interval.value, "verdict": VERDICTS[one.inside()]} for one in self.compared
            },
        }


@dataclass(frozen=True, eq=False, repr=False)
class ModelComparison(Drawable):
    """Variants of a fit side by side; the first is the fit itself.

    Parameters
    ----------
    variants : tuple of FittedVariant
        In the order of the call.

    Examples
    --------
    >>> compare_models("my_fit").table()  # doctest: +SKIP
    """

    variants: tuple[FittedVariant, ...]

    def __repr__(self) -> str:
        posteriors = (f"{one.problem.name} {one.log_posterior:.4g}" for one in self.variants)
        return f"<ModelComparison, log posterior: {', '.join(posteriors)}>"

    def _repr_html_(self) -> str:
        return self.table().to_html()

    def summary(self) -> list[dict[str, Any]]:
        """Every variant as plain numbers, for JSON."""
        return [one.summary() for one in self.variants]

    def table(self) -> pd.DataFrame:
        """One row a variant: parameters, log likelihood and log posterior, numbers inside, each compared row."""
        import pandas as pd

        rows = {}
        for one in self.summary():
            compared, scores = one.pop("compared"), one.pop("scores", {})
            verdicts = {f"{name} verdict": row["verdict"] for name, row in compared.items()}
            rows[one.pop("variant")] = one | scores | {name: row["value"] for name, row in compared.items()} | verdicts
        return pd.DataFrame.from_dict(rows, orient="index")
