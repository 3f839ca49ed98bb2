"""`fit` of a PEtab problem: searches, profiles, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.cluster.clients import checked_client
from kinetics.errors import ClusterError, Faults, IntegrationError
from kinetics.estimate.petab.keeping import checkpoint_of_petab
from kinetics.estimate.petab.profiling import indices_of, run_petab_profiles
from kinetics.estimate.petab.result import PetabFit
from kinetics.estimate.petab.searching import run_petab_searches
from kinetics.files.arguments import Progress, naming
from kinetics.interop.petab.fitting import PetabFitProblem

if TYPE_CHECKING:
    from distributed import Client


def fit_petab(
    problem: PetabFitProblem,
    profile: str | Sequence[str] | None = None,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    client: Client | None = None,
    progress: Progress | None = None,
) -> PetabFit:
    """Estimate the parameters of a PEtab problem; `kinetics.fit` calls it, and says what the arguments are.

    Raises
    ------
    InputError
        If an argument is wrong.
    IntegrationError
        If no search ends where the problem can be simulated.
    FitInterrupted
        If it is interrupted: finished searches and profiles are kept for ``resume``.
    ClusterError
        If the cluster goes away; what is finished is kept too.
    """
    faults, profiled = Faults(), list[int]()
    if out is not None and Path(out).suffix != ".nc":
        faults.add(f"end the name in .nc; found '{out}'", name="out")
    with faults.gather():
        profiled = [] if profile is None else indices_of(problem, profile)
    with faults.gather(), naming("client"):
        client = checked_client(client)
    faults.raise_if_any()
    with checkpoint_of_petab(problem, resume=resume) as checkpoint:
        try:
            searches = run_petab_searches(problem, checkpoint, client, progress)
        except ClusterError as error:
            raise ClusterError(f"{error}; {checkpoint.done} are done, and kept for --resume") from error
        best = max(searches, key=lambda one: one.log_posterior)
        if best.log_posterior == float("-inf"):
            raise IntegrationError(f"no search of '{problem.name}' ended where it can be simulated: {best.message}")
        result = PetabFit.of(problem, searches, best)
        if profiled:
            result = replace(result, profiles=run_petab_profiles(result, profiled, checkpoint, progress))
        if out is not None:
            result.save(out)
        return result
