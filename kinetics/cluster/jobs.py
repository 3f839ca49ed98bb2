"""`Job`: numbered pieces of work; `results`: what they give, as they are finished."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from distributed import Client

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Job(Protocol[R_co]):
    """Numbered pieces of work; a class of a module that workers can import."""

    def piece(self, number: int) -> R_co:
        """Do one piece."""
        ...

    def text(self) -> str:
        """The job as text, for workers."""
        ...

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The job that another process sent as text."""
        ...


def results(job: Job[R], numbers: Iterable[int], client: Client | None) -> Generator[dict[int, R], None, None]:
    """Results by the numbers of their pieces: in this process one by one, in order; of a cluster those that are there.

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
            yield {number: job.piece(number)}
        return
    from kinetics.cluster.submission import cluster_results  # Dask takes a second

    yield from cluster_results(job, numbers, client)
