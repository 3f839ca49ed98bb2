"""`Job`: numbered pieces of work; `finished`: their results, as they come."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from distributed import Client

S = TypeVar("S")
R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Job(Generic[S, R]):
    """Numbered pieces of work that share what they need.

    Parameters
    ----------
    shared : object
        What all pieces need, as this process has it.
    piece : callable
        Called with ``shared`` and the number of a piece, gives its result; a function of a module of this package.
    text : callable
        Gives ``shared`` as text, for workers.
    prepare : callable
        Makes ``shared`` of the text on a worker; a function of a module of this package.
    """

    shared: S
    piece: Callable[[S, int], R]
    text: Callable[[], str]
    prepare: Callable[[str], S]


def finished(job: Job[S, R], numbers: Iterable[int], client: Client | None) -> Generator[dict[int, R], None, None]:
    """Results by the numbers of their pieces, as they come: here one by one, in order; of a cluster some at a time.

    A generator that is closed before its end stops the work.

    Raises
    ------
    InputError
        If a worker has another version of this package.
    ClusterError
        If the cluster goes away, or has no worker for `kinetics.cluster.submission.PATIENCE`.
    """
    if client is None:
        for number in numbers:
            yield {number: job.piece(job.shared, number)}
        return
    from kinetics.cluster.submission import finished_by_workers  # Dask takes a second

    yield from finished_by_workers(job, numbers, client)
