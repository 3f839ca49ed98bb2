"""The searches of a PEtab problem, in this process or on a cluster; each depends on the seed and its number alone."""

from __future__ import annotations

import json
import logging
import math
import socket
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kinetics.cluster import results
from kinetics.errors import InputError
from kinetics.estimate.checkpoint import Checkpoint
from kinetics.estimate.petab.keeping import keep, kept_searches
from kinetics.files.arguments import Progress
from kinetics.interop.petab.fitting import PetabFitProblem, read_petab
from kinetics.interop.petab.fitting.search import PetabSearch, search_by_hops
from kinetics.text.numbers import number_text

if TYPE_CHECKING:
    from distributed import Client

LOG = logging.getLogger("kinetics.estimate")


@dataclass(frozen=True, eq=False)
class PetabSearches:
    """The searches of a problem, by their numbers."""

    problem: PetabFitProblem

    def piece(self, number: int) -> PetabSearch:
        """One of them."""
        return search_by_hops(self.problem, number)

    def text(self) -> str:
        """Where the problem is, and what it must be."""
        return json.dumps({"path": str(self.problem.tables.path.resolve()), "facts": _facts(self.problem)})

    @classmethod
    def from_text(cls, text: str) -> PetabSearches:
        """The searches that another process sent as text, of the problem in its files.

        Raises
        ------
        InputError
            If the problem is not found here, or is not what it was there.
        """
        content = json.loads(text)
        settings = {name: content["facts"][name] for name in ("starts", "seed", "engine")}
        problem = read_petab(content["path"]).with_settings(**settings)
        if _facts(problem) != content["facts"]:
            where = f"on {socket.gethostname()} it is another problem than here"
            raise InputError(f"{content['path']}: {where}; workers read its files: share them with all machines")
        return cls(problem)


def _facts(problem: PetabFitProblem) -> dict[str, Any]:
    settings = {"starts": problem.starts, "seed": problem.seed, "engine": problem.engine}
    return {"data_hash": problem.data_hash, "model_hash": problem.plan.assembled.model.content_hash, **settings}


def run_petab_searches(
    problem: PetabFitProblem, checkpoint: Checkpoint, client: Client | None = None, progress: Progress | None = None
) -> tuple[PetabSearch, ...]:
    """All searches of a fit in order, each kept as soon as it is finished."""
    starts = problem.starts
    if not checkpoint.resume and (unused := kept_searches(Checkpoint(checkpoint.path, resume=True), problem)):
        hint = "--resume (in Python resume=True) would use them"
        LOG.info("%d of %d searches were done before and are not used; %s", len(unused), starts, hint)
    finished = kept_searches(checkpoint, problem)
    checkpoint.begin(f"{len(finished)} of {starts} searches")
    report = progress or (lambda done, total: None)
    report(len(finished), starts)
    watched = replace(problem, report=_Report(finished, starts, report))
    numbers = [number for number in range(starts) if number not in finished]
    with closing(results(PetabSearches(watched), numbers, client)) as found:
        for searches in found:
            finished |= searches
            checkpoint.done = f"{len(finished)} of {starts} searches"
            keep(checkpoint, finished)
            report(len(finished), starts)
    return tuple(finished[number] for number in range(starts))


@dataclass
class _Report:
    """Logs each evaluation, and reports how many searches are done."""

    finished: dict[int, PetabSearch]
    starts: int
    progress: Progress

    def __call__(self, log_posterior: float) -> None:
        height = f", log-posterior {number_text(log_posterior)}" if math.isfinite(log_posterior) else ""
        LOG.debug("search %d of %d%s", len(self.finished) + 1, self.starts, height)
        self.progress(len(self.finished), self.starts)
