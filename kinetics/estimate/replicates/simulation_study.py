"""Simulation and estimation: replicates drawn from known truth, summarised as papers do, refitted."""

# pandas has no complete types
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.cluster.clients import checked_client
from kinetics.cohorts.fit_results import SPREAD, flat_key, result_path
from kinetics.errors import ClusterError, Faults, InputError
from kinetics.estimate.checkpoint import FitInterrupted
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.replicates.record import RefitRecord
from kinetics.estimate.replicates.refits import Refit, Replicates
from kinetics.files.arguments import Progress, loaded, naming
from kinetics.population.seeds import checked_seed
from kinetics.published import NORMAL_95
from kinetics.units import to_unit

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client


@dataclass(frozen=True, eq=False, repr=False)
class SimulationStudy:
    """Refits of synthetic replicates drawn from a truth, by flat name in the units of the model, with a seed."""

    problem: FitProblem
    truth: dict[str, float]
    seed: int
    refits: tuple[Refit, ...]

    def __repr__(self) -> str:
        return f"<SimulationStudy of '{self.problem.name}': {len(self.refits)} refits>"

    def _repr_html_(self) -> str:
        return self.table().to_html()

    def rows(self) -> list[dict[str, Any]]:
        """How well the truth is recovered, one row a free parameter; `InputError` if fewer than two refits have
        estimates.

        ``name``, ``truth``, ``mean`` and ``median`` of the estimates in the model's unit, ``bias`` (of the mean,
        relative), ``bias_se`` (its Monte-Carlo error), ``scatter`` (standard deviation of the logarithms), ``log_se``
        (median of the standard errors), ``coverage`` (share of 95 % intervals that hold the truth), ``studies`` (number
        of replicates that have estimates).
        """
        refits = [refit for refit in self.refits if not refit.failure]
        if len(refits) < 2:
            raise InputError("bias and coverage need at least two replicates with estimates")
        logs = np.array([refit.log_estimates for refit in refits])
        errors = np.array([refit.log_se for refit in refits])
        truth = np.array([self.truth[free.flat] for free in self.problem.free])
        ratios, inside = np.exp(logs) / truth, np.abs(logs - np.log(truth)) <= NORMAL_95 * errors
        columns = {
            "truth": truth,
            "mean": truth * ratios.mean(axis=0),
            "median": truth * np.median(ratios, axis=0),
            "bias": ratios.mean(axis=0) - 1,
            "bias_se": ratios.std(axis=0, ddof=1) / np.sqrt(len(refits)),
            "scatter": logs.std(axis=0, ddof=1),
            "log_se": np.median(errors, axis=0),
            "coverage": inside.mean(axis=0),
        }
        return [
            {"name": free.name} | {key: float(cells[n]) for key, cells in columns.items()} | {"studies": len(refits)}
            for n, free in enumerate(self.problem.free)
        ]

    def table(self) -> pd.DataFrame:
        """The same as a table, one row a parameter."""
        import pandas as pd

        return pd.DataFrame(self.rows()).set_index("name")


def refit(
    problem: FitProblem | str | Path,
    *,
    truth: Mapping[str, str | float] | None = None,
    replicates: int = 20,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    client: Client | None = None,
    progress: Progress | None = None,
) -> SimulationStudy:
    """Draw synthetic replicates of the data from known truth, summarise each as the fit's rows are, and refit it.

    Parameters
    ----------
    problem : FitProblem, str or pathlib.Path
        A population fit, or the name or path of its file.
    truth : mapping of str to str or float, optional
        Values of free parameters by name: quantities such as ``"0.1 1/day"``, or numbers in the units of the model; the
        name of a spread ends in ``.spread``. By default as committed.
    replicates : int
        The number of synthetic data sets, at least two.
    seed : int
        Replicate k depends on (seed, k) alone.
    out : str or pathlib.Path, optional
        Keep every refit in this file, NAME.json, as soon as it is done.
    resume : bool
        Go on from the refits in ``out``.
    client : dask.distributed.Client, optional
        A Dask cluster whose workers do the refits, of the problem as its file has it: the same numbers.
    progress : callable, optional
        Called with (done, all) refits.

    Raises
    ------
    InputError
        If the problem has no population, an argument is wrong, ``out`` holds refits of something else, or a worker
        has another version of this package.
    kinetics.estimate.FitInterrupted
        If it is interrupted.
    ClusterError
        If the cluster goes away.

    Examples
    --------
    >>> refit("my_population_fit", replicates=100, out="refits.json").table()  # doctest: +SKIP
    """
    problem = loaded("problem", problem, FitProblem)
    _check(problem, replicates, out, resume)
    with naming("client"):
        client = checked_client(client)
    synthetic = Replicates(problem, _truth(problem, truth or {}), checked_seed(seed))
    record = RefitRecord(out, synthetic, resume=resume)
    try:
        record.complete(replicates, client, progress)
    except KeyboardInterrupt:
        raise FitInterrupted(record.summary(replicates), is_resumable=out is not None) from None
    except ClusterError as error:
        raise ClusterError(f"{error}; {record.summary(replicates)}{record.advice}") from error
    return SimulationStudy(problem, dict(synthetic.truth), synthetic.seed, record.first(replicates))


def _check(problem: FitProblem, replicates: int, out: str | Path | None, resume: bool) -> None:
    """Refuse a problem without patients, too few replicates, and nothing to go on from."""
    if problem.population is None:
        raise InputError(f"fit '{problem.name}' has no table [population]: it has no patients to draw")
    if problem.population.likelihood == "normal":
        message = "replicates of normal measurements are studies of 'kinetics datagen', each fitted"
        raise InputError(f"fit '{problem.name}' has likelihood = \"normal\": {message}")
    if replicates < 2:
        raise InputError(f"replicates: bias and coverage need at least two, found {replicates}")
    if resume and out is None:
        raise InputError("resume: goes on with the refits of an earlier call; name their file with out")


def _truth(problem: FitProblem, settings: Mapping[str, str | float]) -> dict[str, float]:
    """The truth of every free parameter by flat name, in the units of the model."""
    faults, truth = Faults(), {}
    committed = result_path(problem.path)
    if committed.is_file():
        with faults.gather(str(committed)):
            truth = Estimates.read(committed).by_flat_name(problem.model)
    units = {free.flat: free.unit for free in problem.free}
    for name, value in settings.items():
        with faults.gather(name=f"truth of {name}"):
            key = flat_key(problem.model, name)
            if key not in units:
                raise InputError(f"is not free in fit '{problem.name}'")
            text = f"{value} 1" if name.endswith(SPREAD) else value
            truth[key] = to_unit(text, units[key]) if isinstance(text, str) else float(text)
            if not truth[key] > 0:
                raise InputError(f"must be positive, found {value}")
    faults.raise_if_any()
    for free in problem.free:
        if free.flat not in truth:
            option = f"--set {free.name}=... (in Python truth={{'{free.name}': ...}})"
            faults.add(f"has no committed estimate; give its truth with {option}", name=free.name)
    faults.raise_if_any()
    return {free.flat: truth[free.flat] for free in problem.free}
