"""The verb `fit`: searches, uncertainty, profiles and posterior of a fit problem."""

# what a user gives is checked, whatever its annotation says
# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from kinetics import __version__
from kinetics.errors import Faults
from kinetics.estimate.checkpoint import checkpoint_of
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.held import with_response
from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.petab import PetabFit, fit_petab
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.result import Fit, with_intervals
from kinetics.estimate.search import AnyObjective, Search, objective_of
from kinetics.estimate.stages import run_searches
from kinetics.estimate.uncertainty.covariance import Uncertainty, uncertainty
from kinetics.estimate.uncertainty.posterior import check_draws
from kinetics.files.arguments import Progress, is_whole, loaded
from kinetics.interop.petab.fitting import PetabFitProblem
from kinetics.units import unit_text

if TYPE_CHECKING:
    from distributed import Client

SAME_COST = 1e-6
"""Relative difference of costs that is only rounding."""


@overload
def fit(
    problem: PetabFitProblem,
    *,
    profile: str | Sequence[str] | None = None,
    starts: int | None = None,
    seed: int | None = None,
    engine: str = "auto",
    out: str | Path | None = None,
    resume: bool = False,
    client: Client | None = None,
    progress: Progress | None = None,
) -> PetabFit: ...


@overload
def fit(
    problem: FitProblem | str | Path,
    *,
    profile: str | Sequence[str] | None = None,
    posterior: int | None = None,
    starts: int | None = None,
    seed: int | None = None,
    engine: str = "auto",
    reduce: bool | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Fit: ...


def fit(
    problem: FitProblem | PetabFitProblem | str | Path,
    *,
    profile: str | Sequence[str] | None = None,
    posterior: int | None = None,
    starts: int | None = None,
    seed: int | None = None,
    engine: str = "auto",
    reduce: bool | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    client: Client | None = None,
    progress: Progress | None = None,
) -> Fit | PetabFit:
    """Estimate the free parameters of a fit problem.

    What is finished is kept in the user's cache until the fit is. Ctrl-C raises `kinetics.estimate.FitInterrupted`, and
    the same call with ``resume=True`` goes on from there to the same numbers.

    Parameters
    ----------
    problem : FitProblem, PetabFitProblem, str or pathlib.Path
        What to fit, or the name or path of its file. One of `FitProblem.from_petab` has searches and profiles.
    profile, posterior : optional
        Also follow the profile likelihood of these parameters, ``"all"`` of every free one; also draw at least so many
        times from the posterior itself.
    starts, seed, engine, reduce : optional
        Number of searches; seed of later starts, virtual patients and draws; who integrates, ``batch`` or ``scipy``;
        whether states at rest are left out; by default as the problem says.
    out, resume : optional
        A NetCDF file, NAME.nc, that everything is written to; whether to go on from what an interrupted call kept.
    client : dask.distributed.Client, optional
        Of a problem of PEtab: a Dask cluster that does the searches, of the same files, with the same numbers.
    progress : callable, optional
        Called after each evaluation with (done, all), of searches, then profiles, then points of the posterior; what
        it gives is logged by ``logging.getLogger("kinetics.estimate")`` at level DEBUG.

    Returns
    -------
    Fit or PetabFit

    Raises
    ------
    InputError, IntegrationError
        If there is no such problem, or it or an argument is wrong; if the model cannot be integrated at the best.

    Examples
    --------
    >>> fit("my_fit", profile="all").save()  # doctest: +SKIP
    """
    own = None if engine == "auto" else engine
    if isinstance(problem, PetabFitProblem):
        _refuse(posterior=posterior, reduce=reduce)
        problem = problem.with_settings(starts=starts, seed=seed, engine=own)
        return fit_petab(problem, profile, out, resume=resume, client=client, progress=progress)
    problem = loaded("problem", problem, FitProblem).with_settings(starts=starts, seed=seed, engine=own, reduce=reduce)
    profiled, objective = _profiled(problem, profile, posterior, out, client), objective_of(problem)
    with checkpoint_of(objective, resume=resume) as checkpoint:
        found = _at_best(objective, run_searches(objective, checkpoint, progress))
        return _saved(with_intervals(found, profiled, posterior, checkpoint, progress), out)


def _saved(found: Fit, out: str | Path | None) -> Fit:
    if out is not None:
        found.save(out)
    return found


def _refuse(**options: Any) -> None:
    """Refuse what a fit of PEtab cannot do."""
    faults = Faults()
    for name, value in options.items():
        if value is not None:
            faults.add("a problem of PEtab does not take it; leave it out", name=name)
    faults.raise_if_any()


def _profiled(
    problem: FitProblem,
    profile: str | Sequence[str] | None,
    posterior: int | None,
    out: str | Path | None,
    client: object,
) -> list[int]:
    """The indices of the parameters to profile, when the other requests are sound too."""
    faults, profiled = Faults(), []
    with faults.gather(name="profile"):
        profiled = [] if profile is None else problem.indices(profile)
    if posterior is not None and (not is_whole(posterior) or posterior < 1):
        faults.add(f"must be a number of draws, such as 1000; found {posterior!r:.40}", name="posterior")
    elif posterior is not None:
        with faults.gather(name="posterior"):
            check_draws(posterior)
    if out is not None and Path(out).suffix != ".nc":
        faults.add(f"end the name in .nc; found '{out}'", name="out")
    if client is not None:
        faults.add("is for a problem of PEtab; this fit runs in one process", name="client")
    faults.raise_if_any()
    return profiled


def _at_best(objective: AnyObjective, searches: Sequence[Search]) -> Fit:
    """Estimates, their uncertainty, and the model's values at the end of the best search."""
    problem, best = objective.problem, _best(searches)
    at_best = uncertainty(objective, best.end)
    if isinstance(objective, LikelihoodObjective):
        predicted = objective.predicted(best.end, problem.targets)
        values = np.array([one.interval.value for one in predicted])
    else:
        predicted, values = (), objective.values(best.end, problem.targets)
    estimates = _estimates(objective, best, at_best)
    return Fit(problem, tuple(searches), best, at_best, values, estimates, objective, predicted)


def _best(searches: Sequence[Search]) -> Search:
    """The first search whose cost is the least but for rounding: noise does not choose between equal ones."""
    least = min(search.cost for search in searches)
    return next(search for search in searches if search.cost <= least + SAME_COST * abs(least) + 1e-9)


def _estimates(objective: AnyObjective, best: Search, at_best: Uncertainty) -> Estimates:
    problem = objective.problem
    cohorts = sorted({target.row.cohort for target in problem.fitted})
    return Estimates(
        fit=problem.name,
        model=problem.model.reference,
        cohort=cohorts[0] if len(cohorts) == 1 else "",
        names=tuple(free.name for free in problem.free),
        units=tuple(unit_text(free.unit) for free in problem.free),
        verdicts=at_best.verdicts,
        values=np.exp(best.end),
        covariance=at_best.covariance,
        **with_response(objective, best.end, at_best, cohorts),
        facts={
            "package_version": __version__,
            "model_hash": problem.model.content_hash,
            "data_hash": problem.data_hash,
            "seed": problem.seed,
            "cost": best.cost,
            "condition_number": at_best.condition_number,
            "about": problem.about,
        },
        builds_on=tuple(dict.fromkeys(name for cohort in cohorts for name in problem.fits_before(cohort))),
    )
