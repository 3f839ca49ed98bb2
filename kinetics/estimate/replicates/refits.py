"""One synthetic replicate, drawn and refitted: in this process, or on a worker that reads the problem itself."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from kinetics.errors import InputError, IntegrationError
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.replicates.synthetic import synthetic
from kinetics.estimate.search import minimise
from kinetics.estimate.uncertainty.covariance import uncertainty
from kinetics.files.library import library_folder


@dataclass(frozen=True)
class Refit:
    """One synthetic replicate, refitted: logarithms of the estimates and their standard errors.

    ``converged`` says whether the search ended by its own criterion; ``failure`` why there are no estimates, and is
    empty if there are.
    """

    replicate: Annotated[int, Field(alias="study")]  # its key in the file of refits
    log_estimates: tuple[float, ...]
    log_se: tuple[float, ...]
    converged: bool
    seconds: float
    failure: str = ""


def refit_replicate(problem: FitProblem, truth: Mapping[str, float], seed: int, replicate: int) -> Refit:
    """Draw one synthetic replicate and fit it, from the problem's own start; arguments as of `synthetic`."""
    begun = time.perf_counter()
    try:
        objective = PopulationObjective(synthetic(problem, truth, seed, replicate))
        search = minimise(objective, objective.start)
        log_se = uncertainty(objective, search.end).log_se
    except (IntegrationError, np.linalg.LinAlgError) as error:
        return Refit(replicate, (), (), False, time.perf_counter() - begun, str(error))
    seconds = time.perf_counter() - begun
    return Refit(replicate, tuple(search.end.tolist()), tuple(log_se.tolist()), search.converged, seconds)


@dataclass(frozen=True, eq=False)
class Replicates:
    """The synthetic replicates of a problem, drawn from a truth with a seed; arguments as of `synthetic`."""

    problem: FitProblem
    truth: Mapping[str, float]
    seed: int

    def piece(self, number: int) -> Refit:
        """One of them, refitted."""
        return refit_replicate(self.problem, self.truth, self.seed, number)

    def text(self) -> str:
        """The truth, where the problem is, and what it must be."""
        problem = self.problem
        ships = problem.path.resolve().parent == library_folder("fits").resolve()
        source = problem.name if ships else str(problem.path.resolve())
        return json.dumps({"source": source, "truth": dict(self.truth), "seed": self.seed, "facts": _facts(problem)})

    @classmethod
    def from_text(cls, text: str) -> Replicates:
        """The replicates that another process sent as text, of the problem in its file.

        Raises
        ------
        InputError
            If the problem is not found here, or is not what it was there.
        """
        content = json.loads(text)
        settings = {name: content["facts"][name] for name in ("starts", "seed", "engine", "reduce")}
        problem = FitProblem.load(content["source"]).with_settings(**settings)
        if _facts(problem) != content["facts"]:
            raise InputError(
                f"{content['source']}: on {socket.gethostname()} it is another problem than here; workers read the "
                "file: save there what was changed in Python, and share it with all machines"
            )
        return cls(problem, content["truth"], content["seed"])


def _facts(problem: FitProblem) -> dict[str, Any]:
    """What a refit depends on beside the truth."""
    hashes = {"data_hash": problem.data_hash, "model_hash": problem.model.content_hash}
    free = [[one.flat, one.start, one.lower, one.upper] for one in problem.free]
    rows = sorted(target.row.name for target in problem.targets)
    settings = {"starts": problem.starts, "seed": problem.seed, "engine": problem.engine, "reduce": problem.reduce}
    return {**hashes, "free": free, "rows": rows, "discrepancy": problem.discrepancy, **settings}
