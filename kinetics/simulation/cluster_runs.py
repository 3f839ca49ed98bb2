"""A simulation in memory whose runs are integrated by the workers of a cluster."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass

import xarray as xr

from kinetics.cluster import results
from kinetics.errors import ClusterError, InputError
from kinetics.files.arguments import Progress
from kinetics.simulation.planning import plan_simulation
from kinetics.simulation.request_text import request_from, request_text
from kinetics.simulation.run_results import RunResults
from kinetics.simulation.runs import CHUNK
from kinetics.simulation.simulation import Simulation

PIECES = 64
"""Pieces of a simulation, so that some dozens of workers have one each; more if a piece had more than `CHUNK` runs."""


@dataclass(frozen=True, eq=False)
class _Runs:
    """The runs of a simulation, ``size`` in a piece."""

    simulation: Simulation
    size: int

    def __len__(self) -> int:
        return -(-self.simulation.size // self.size)

    def piece(self, number: int) -> RunResults:
        begin = number * self.size
        return self.simulation.results(begin, min(begin + self.size, self.simulation.size))

    def text(self) -> str:
        return json.dumps([request_text(self.simulation.request), self.size])

    @classmethod
    def from_text(cls, text: str) -> _Runs:
        request, size = json.loads(text)
        return cls(plan_simulation(request_from(request)), size)


def cluster_dataset(simulation: Simulation, progress: Progress | None) -> xr.Dataset:
    """The dataset of all runs, integrated by the cluster of the request: that of `Simulation.dataset` to the last bit.

    Raises
    ------
    InputError
        If there is one run without a dim, or a worker has another version of this package.
    ClusterError
        If the cluster goes away; nothing is kept.
    """
    if simulation.dim is None:
        raise InputError("one run without patients or draws needs no cluster; leave out the client")
    runs = _Runs(simulation, min(CHUNK, -(-simulation.size // PIECES)))
    parts: dict[int, RunResults] = {}
    done = 0
    with closing(results(runs, range(len(runs)), simulation.request.client)) as finished:
        try:
            for some in finished:
                parts |= some
                done += sum(len(part.failures) for part in some.values())
                if progress is not None:
                    progress(done, simulation.size)
        except ClusterError as error:
            advice = "stream to a store with --out NAME.zarr (in Python out='NAME.zarr'), which keeps what is finished"
            raise ClusterError(f"{error}; nothing is kept: {advice}") from error
    return simulation.labelled(RunResults.joined([parts[number] for number in sorted(parts)]), 0)
