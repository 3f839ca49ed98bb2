"""The result of a fit: estimates, profiles, draws from the posterior, and its files."""

# pandas has no complete types
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.cohorts.fit_results import result_path
from kinetics.estimate.checkpoint import Checkpoint, checkpoint_of
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.fit_warnings import row_warnings, search_warnings
from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search import AnyObjective, Search
from kinetics.estimate.stages import run_profiles, run_sampler
from kinetics.estimate.summary import fit_summary, interval_rows, rms_log_error
from kinetics.estimate.tree import fit_tree
from kinetics.estimate.uncertainty.covariance import Uncertainty
from kinetics.estimate.uncertainty.posterior import Posterior
from kinetics.estimate.uncertainty.practical import profile_warnings
from kinetics.estimate.uncertainty.profile import Profile
from kinetics.files.arguments import Progress
from kinetics.published.likelihoods import PredictedSummary
from kinetics.results import Drawable, write_result
from kinetics.text.numbers import count_text

if TYPE_CHECKING:
    import pandas as pd

_ELSEWHERE = {
    "params": "fit.table(), or fit.estimates['NAME']",
    "best_values": "fit.table(), or fit.estimates['NAME'].value",
    "covar": "fit.estimates.covariance",
    "conf_interval": "fit.profile().table()",
    "success": "fit.best.converged",
    "predict": "kinetics.predict(fit, REGIMEN, until=TIME)",
    **dict.fromkeys(("report", "fit_report"), "kinetics.report(fit)"),
    "draw": "fit.plot()",
}
"""What users of other packages look for in the result of a fit, and where it is."""


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Drawable):
    """A finished fit.

    `table` has the estimates and their intervals, for work in Python; `summary` is everything as plain numbers, for
    JSON; `kinetics.report` is everything as text, and `plot` its figure.

    Parameters
    ----------
    problem : FitProblem
        What was fitted.
    searches : tuple of Search
        Every search, in order.
    best : Search
        The one of least cost.
    uncertainty : Uncertainty
        At the best.
    values : ndarray, (target,)
        The model's counterpart of all targets, fitted and compared, at the best, in the row's unit; infinite if a
        threshold is not reached again, NaN if the output is never below it.
    estimates : Estimates
        What predictions and later fits need.
    objective : Objective or LikelihoodObjective
        What was searched.
    predicted : tuple of PredictedSummary
        Of a population fit: what each target is in the population, and where a study of its size lies. Else empty.
    profiles : tuple of Profile
        Of those parameters that were profiled.
    posterior : Posterior, optional
        If it was sampled.

    Examples
    --------
    >>> fitted = fit("my_fit")  # doctest: +SKIP
    >>> fitted.profile("k_out").table()  # doctest: +SKIP
    """

    problem: FitProblem
    searches: tuple[Search, ...]
    best: Search
    uncertainty: Uncertainty
    values: np.ndarray
    estimates: Estimates
    objective: AnyObjective
    predicted: tuple[PredictedSummary, ...] = ()
    profiles: tuple[Profile, ...] = ()
    posterior: Posterior | None = None

    def __repr__(self) -> str:
        parts = [count_text(len(self.estimates.names), "estimate"), f"cost {self.best.cost:.4g}"]
        if self.profiles:
            parts.append(f"profiled {', '.join(profile.name for profile in self.profiles)}")
        if self.posterior is not None:
            parts.append(count_text(self.posterior.log_density.size, "posterior draw"))
        return f"<Fit of '{self.problem.name}': {', '.join(parts)}, {count_text(len(self.warnings), 'warning')}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{self.table().to_html()}"

    if not TYPE_CHECKING:  # a checker of types shall still find an attribute that does not exist

        def __getattr__(self, name: str) -> Any:
            hint = f"; write {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
            raise AttributeError(f"'Fit' has no attribute '{name}'{hint}")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know, in plain words: of the parameters, the searches, the rows and the intervals."""
        names = self.estimates.names
        return (
            *self.uncertainty.warnings,
            *search_warnings(self.searches, self.best),
            *row_warnings(self),
            *profile_warnings(names, self.profiles),
            *(self.posterior.warnings(names) if self.posterior is not None else ()),
        )

    def rms_log_error(self) -> float:
        """Root mean square of ln(model / published) over the fitted rows that give a value; NaN if none does."""
        return rms_log_error(self.problem.targets, self.values)

    def minus_2_log_likelihood(self) -> float | None:
        """Minus twice the log likelihood of the fitted rows, with all constants; None of a least-squares fit."""
        if not isinstance(self.objective, LikelihoodObjective):
            return None
        return 2 * (self.best.cost + self.objective.log_prior(self.best.end))

    def summary(self) -> dict[str, Any]:
        """The fit as the JSON object of the command."""
        return fit_summary(self)

    def table(self) -> pd.DataFrame:
        """One row a parameter: unit, estimate, ends of the 95 % interval by each method, what the data say."""
        import pandas as pd

        rows = {
            name: {"unit": row.unit, "estimate": row.value}
            | {
                f"{end} by {method}": interval[end]
                for method, interval in by_method.items()
                for end in ("lower", "upper")
            }
            | {"verdict": row.verdict}
            for (name, row), by_method in zip(self.estimates.by_name.items(), interval_rows(self), strict=True)
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def profile(
        self,
        names: str | Sequence[str] = "all",
        *,
        resume: bool = False,
        progress: Progress | None = None,
    ) -> Fit:
        """The same fit with the profile likelihood of some parameters.

        Parameters
        ----------
        names : str or sequence of str
            Free parameters, or ``"all"``.
        resume : bool
            Go on from the profiles that an interrupted call finished.
        progress : callable, optional
            As of `fit`.

        Raises
        ------
        InputError
            If a parameter is not free.
        FitInterrupted
            If it is interrupted: finished profiles are kept for ``resume``.
        """
        indices = self.problem.indices(names)
        with checkpoint_of(self.objective, resume=resume) as checkpoint:
            return with_intervals(self, indices, None, checkpoint, progress)

    def sample(self, draws: int = 1000, *, resume: bool = False, progress: Progress | None = None) -> Fit:
        """The same fit with at least so many draws from the posterior; arguments and errors as of `profile`."""
        with checkpoint_of(self.objective, resume=resume) as checkpoint:
            return with_intervals(self, (), draws, checkpoint, progress)

    def tree(self) -> xr.DataTree:
        """Everything as a DataTree: estimates, covariance, prior, observed, predicted, diagnostics, intervals.

        Returns
        -------
        xarray.DataTree
            Estimates are on (parameter,), what is observed and predicted on (target,); a variable ``unit`` beside
            numbers of several units says which unit each has.
        """
        return fit_tree(self)

    def save(self, path: str | Path | None = None) -> Path:
        """Write the fit: everything as NetCDF, or its estimates as a committed result, which cohorts read.

        Parameters
        ----------
        path : str or pathlib.Path, optional
            A name that ends in ``.nc``, or in ``.toml``; by default ``NAME.result.toml`` beside the problem.

        Returns
        -------
        pathlib.Path
            Where it was written.
        """
        path = result_path(self.problem.path) if path is None else Path(path)
        if path.suffix == ".nc":
            write_result(self.tree(), path)
        else:
            self.estimates.save(path)
        return path


def with_intervals(
    fit: Fit, profiled: Sequence[int], draws: int | None, checkpoint: Checkpoint, progress: Progress | None = None
) -> Fit:
    """A fit with profiles of the parameters of some indices, and with draws from the posterior."""
    profiles = run_profiles(fit, profiled, checkpoint, progress) if profiled else fit.profiles
    posterior = fit.posterior if draws is None else run_sampler(fit, draws, checkpoint, progress)
    return replace(fit, profiles=profiles, posterior=posterior)
