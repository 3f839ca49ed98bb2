"""What a fit keeps in the user's cache while it runs, so that an interrupted fit can go on."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from kinetics import __version__
from kinetics.compile.cache import cache_folder
from kinetics.errors import InputError, warn
from kinetics.estimate.evaluations import recording, warn_not_recorded
from kinetics.estimate.exclusive import exclusive
from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search import AnyObjective, Search
from kinetics.estimate.uncertainty.posterior import Chain, walkers
from kinetics.estimate.uncertainty.profile import End, Profile
from kinetics.files.checksums import content_hash
from kinetics.files.reading import read_json
from kinetics.files.writing import write_atomically

LOG = logging.getLogger("kinetics.estimate")

T = TypeVar("T")

KEEP_EVERY = 10.0
"""Seconds between two writings of the walkers."""

STATES = {"closed", "open", "impossible", "unknown"}
WORDS = 624
PARTS = ("searches.json", "profiles.json", "posterior.json", "evaluations.jsonl")


class Checkpoint:
    """The files of one fit problem: finished searches and profiles, where the walkers have been, and evaluations.

    ``path`` is what they are called, without their ends; None where nothing can be kept. With ``resume`` they are used.
    """

    def __init__(self, path: Path | None, *, resume: bool) -> None:
        self.path, self.resume = path, resume
        self.done = "no searches"
        """What a stage has finished, in words."""
        self._written = time.monotonic()

    def begin(self, done: str) -> None:
        """A stage begins, of which so much is done already."""
        self.done = done
        if self.resume:
            LOG.info("%s were done before", done)

    def file(self, part: str) -> Path:
        """The file of one of `PARTS`."""
        assert self.path is not None
        return self.path.with_name(f"{self.path.name}.{part}")

    def searches(self, size: int) -> tuple[Search, ...]:
        """The searches of an interrupted fit of so many parameters."""

        def parse(content: dict[str, Any]) -> tuple[Search, ...]:
            return tuple(
                Search(
                    finite(row["start"], size),
                    finite(row["end"], size),
                    float(finite(row["cost"])),
                    bool(row["converged"]),
                    str(row["message"]),
                )
                for row in content["searches"]
            )

        return self.read("searches.json", parse) or ()

    def keep_searches(self, searches: Sequence[Search]) -> None:
        """Keep finished searches."""
        self.write("searches.json", {"searches": [vars(search) for search in searches]})

    def profiles(self, optimum: np.ndarray) -> dict[int, Profile]:
        """The profiles of an interrupted fit about the same optimum, by the number of the parameter."""

        def parse(content: dict[str, Any]) -> dict[int, Profile]:
            if content["optimum"] != optimum.tolist():
                return {}
            profiles = (_profile(row, optimum) for row in content["profiles"])
            return {profile.index: profile for profile in profiles}

        return self.read("profiles.json", parse) or {}

    def keep_profiles(self, optimum: np.ndarray, profiles: Sequence[Profile]) -> None:
        """Keep finished profiles and the optimum they are of."""
        rows = [{**vars(profile), "lower": vars(profile.lower), "upper": vars(profile.upper)} for profile in profiles]
        self.write("profiles.json", {"optimum": optimum.tolist(), "profiles": rows})

    def chain(self, size: int) -> Chain | None:
        """The walkers of an interrupted fit of so many parameters."""

        def parse(content: dict[str, Any]) -> Chain:
            positions = finite(content["positions"], None, walkers(size), size)
            words, position, has_normal, normal = content["random"]
            random = np.array(words, dtype=np.uint32), int(position), int(has_normal), float(finite(normal))
            if not len(positions) or random[0].shape != (WORDS,) or not 0 <= random[1] <= WORDS:
                raise ValueError
            return Chain(positions, finite(content["log_density"], *positions.shape[:2]), random)

        return self.read("posterior.json", parse)

    def keep_chain(self, chain: Chain, *, now: bool = False) -> None:
        """Keep where all walkers have been, and the state of their random numbers, to the last bit; now or later."""
        if now or time.monotonic() - self._written > KEEP_EVERY:
            self.write("posterior.json", vars(chain))
            self._written = time.monotonic()

    def forget(self) -> None:
        """Remove everything: the fit is finished."""
        for part in PARTS if self.path is not None else ():
            self.file(part).unlink(missing_ok=True)

    def read(self, part: str, parse: Callable[[dict[str, Any]], T]) -> T | None:
        """What a file holds; None if there is none, it is not to be used, or it is not what `write` wrote."""
        if not self.resume or self.path is None or not (file := self.file(part)).exists():
            return None
        try:
            return parse(read_json(file))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            what = part.partition(".")[0]
            warn(f"{file}: damaged, or not of this program: the {what} begin anew")
            return None

    def write(self, part: str, content: dict[str, Any]) -> None:
        """Keep the content of one of `PARTS`."""
        if self.path is None:
            return
        try:
            write_atomically(self.file(part), json.dumps(content, default=np.ndarray.tolist))
        except (OSError, InputError) as error:
            warn_not_recorded(error)


class FitInterrupted(KeyboardInterrupt):
    """A fit was interrupted; ``done`` says what is done, ``is_resumable`` whether another call can go on from there."""

    def __init__(self, done: str, *, is_resumable: bool) -> None:
        self.done, self.is_resumable = done, is_resumable
        super().__init__(f"{done}; the same call with resume=True goes on from there" if is_resumable else done)


@contextmanager
def checkpoint_at(path: Path, name: str, done: Callable[[Checkpoint], str], *, resume: bool) -> Iterator[Checkpoint]:
    """The checkpoint of a problem of a name, kept at a path; a block that ends well forgets what was kept.

    `InputError` if another process is fitting the same problem, whose work cannot be resumed; without ``resume``
    nothing is kept then. `FitInterrupted` in place of a KeyboardInterrupt of the block, with what ``done`` says.
    """
    with exclusive(path, name, resume=resume) as own:
        checkpoint = Checkpoint(own, resume=resume)
        try:
            yield checkpoint
        except KeyboardInterrupt:
            raise FitInterrupted(done(checkpoint), is_resumable=own is not None) from None
        checkpoint.forget()


@contextmanager
def checkpoint_of(objective: AnyObjective, *, resume: bool) -> Iterator[Checkpoint]:
    """The checkpoint of a fit that is running, as of `checkpoint_at`; of a population fit with its evaluations."""
    problem = objective.problem

    def done(checkpoint: Checkpoint) -> str:
        return _done(checkpoint, objective)

    with checkpoint_at(checkpoint_path(problem), problem.name, done, resume=resume) as checkpoint:
        file = None if checkpoint.path is None else checkpoint.file("evaluations.jsonl")
        with recording(file, objective, resume=resume):
            yield checkpoint


def stages_done(checkpoint: Checkpoint) -> str:
    """What a fit has finished, in words."""
    return f"{checkpoint.done} are done and {'kept' if checkpoint.path is not None else 'not kept'}"


def _done(checkpoint: Checkpoint, objective: AnyObjective) -> str:
    done = stages_done(checkpoint)
    if not isinstance(objective, LikelihoodObjective) or not objective.evaluations:
        return done
    pairs = zip(objective.problem.free, objective.best(), strict=True)
    values = ", ".join(f"{free.name} = {value:.4g}" for free, value in pairs)
    return f"{done}, and all of {len(objective.evaluations)} evaluations; the best so far is {values}"


def checkpoint_path(problem: FitProblem) -> Path:
    """What the files are called, without their ends: others for other data, models, cohort values or settings."""
    cohorts = {name: cohort.content_hash for name, cohort in problem.cohorts.items()}
    free = [[one.name, one.start, one.lower, one.upper, one.log_sd] for one in problem.free]
    rows = [target.row.model_dump(exclude_defaults=True) for target in problem.targets]
    settings = [str(problem.path.resolve()), problem.discrepancy, problem.seed, problem.engine, problem.reduce]
    key = content_hash(__version__, problem.data_hash, problem.model.content_hash, cohorts, free, rows, settings)
    return cache_folder() / "searches" / f"{problem.name}-{key[:24]}"


def finite(values: Any, *shape: int | None) -> np.ndarray:
    """Finite numbers of a shape, in which None stands for any length; a ValueError for anything else."""
    array = np.array(values, dtype=float)
    is_of_shape = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if not is_of_shape or not np.isfinite(array).all():
        raise ValueError("not finite numbers of the right shape")
    return array


def _profile(row: dict[str, Any], optimum: np.ndarray) -> Profile:
    points, index = finite(row["points"], None, optimum.size), int(row["index"])
    drop, converged = finite(row["drop"], len(points)), np.array(row["converged"], dtype=bool)
    if not len(points) or converged.shape != drop.shape or not 0 <= index < optimum.size:
        raise ValueError("not a profile")
    lower, upper = (_end(row[side], optimum.size) for side in ("lower", "upper"))
    return Profile(index, float(optimum[index]), points, drop, converged, lower, upper)


def _end(row: dict[str, Any], size: int) -> End:
    held = tuple((int(other), int(side)) for other, side in row["held"])
    if row["state"] not in STATES or not all(0 <= other < size and side in (-1, 1) for other, side in held):
        raise ValueError("not an end of a profile")
    return End(float(finite(row["at"])), str(row["state"]), held)
