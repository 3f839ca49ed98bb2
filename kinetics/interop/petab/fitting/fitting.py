"""`read_petab` and `fit_petab`: a PEtab problem from its files, and its estimates."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import Fault, InputError, IntegrationError
from kinetics.files.arguments import Progress
from kinetics.interop.petab.fitting.fit_problem import PetabFitProblem
from kinetics.interop.petab.fitting.result import PetabFit
from kinetics.interop.petab.fitting.search import search_by_hops
from kinetics.results import write_result


def read_petab(path: str | Path) -> PetabFitProblem:
    """Read a parameter estimation problem in PEtab, version 1 or 2, with a model in SBML.

    Parameters
    ----------
    path : str or pathlib.Path
        The YAML file. ``docs/formats/petab.md`` says what is read.

    Returns
    -------
    PetabFitProblem
        `fit` estimates its parameters; its ``objective`` gives the log-likelihood with exact gradients.

    Raises
    ------
    InputError
        With every fault of the files, each with its line; or if the extra ``sbml`` is not installed.

    Examples
    --------
    >>> problem = read_petab("my_problem.yaml")  # doctest: +SKIP
    >>> problem.objective().llh  # doctest: +SKIP
    """
    return PetabFitProblem.load(path)


def fit_petab(
    problem: PetabFitProblem,
    *,
    starts: int | None = None,
    seed: int | None = None,
    engine: str | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> PetabFit:
    """Estimate the parameters of a PEtab problem; `kinetics.fit` calls it.

    Parameters
    ----------
    problem : PetabFitProblem
        What to fit.
    starts, seed, engine : optional
        Number of searches, the seed of where they begin, and who integrates; by default as the problem says.
    out : str or pathlib.Path, optional
        A NetCDF file, NAME.nc, that the result is written to.
    progress : callable, optional
        Called after each search with (done, all).

    Raises
    ------
    InputError
        If an argument is wrong.
    IntegrationError
        If no search ends where the problem can be simulated.
    """
    if out is not None and Path(out).suffix != ".nc":
        raise InputError(Fault(f"end the name in .nc; found '{out}'", name="out"))
    problem = problem.with_settings(starts=starts, seed=seed, engine=engine)
    searches = []
    for number in range(problem.starts):
        searches.append(search_by_hops(problem, number))
        if progress is not None:
            progress(number + 1, problem.starts)
    best = max(searches, key=lambda one: one.log_posterior)
    if best.log_posterior == float("-inf"):
        raise IntegrationError(f"no search of '{problem.name}' ended where it can be simulated: {best.message}")
    result = PetabFit.of(problem, tuple(searches), best)
    if out is not None:
        write_result(result.tree(), out)
    return result
