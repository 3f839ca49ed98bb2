"""Chunks of a simulation in their own regions of a store: what the process at work does, and each worker of a cluster.

The files of a chunk belong to no other, so that chunks may be written in any order, by several processes at once.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kinetics import __version__
from kinetics.errors import InputError, KineticsError
from kinetics.files.checksums import files_checksum
from kinetics.simulation.planning import plan_simulation
from kinetics.simulation.request_text import request_from, request_text
from kinetics.simulation.simulation import Simulation
from kinetics.simulation.store.layout import arrays_of, chunk_files, write


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a store, one for ``chunk`` runs of a simulation."""

    simulation: Simulation
    store: Path
    chunk: int

    def __len__(self) -> int:
        return -(-self.simulation.size // self.chunk)

    @cached_property
    def arrays(self) -> dict[str, Any]:
        """The arrays that every chunk adds to."""
        return arrays_of(self.simulation, self.simulation.blank(), self.store)

    def files(self, number: int) -> list[str]:
        """The files of a chunk, by their paths from the store."""
        return chunk_files(self.arrays, number)

    def runs(self, number: int) -> range:
        """The numbers of the runs of a chunk."""
        return range(number * self.chunk, min((number + 1) * self.chunk, self.simulation.size))

    def checksum(self, number: int) -> str:
        """Of the files of a chunk, as they are."""
        return files_checksum(self.store, self.files(number))

    def piece(self, number: int) -> str:
        """Integrate a chunk, write it, and return the checksum of its files."""
        runs = self.runs(number)
        dataset = self.simulation.dataset(runs.start, runs.stop)
        for name in self.files(number):
            (self.store / name).unlink(missing_ok=True)
        write(self.arrays, dataset, runs.start, runs.stop)
        return self.checksum(number)

    def text(self) -> str:
        """The request, where the store is, and what both must agree on."""
        facts = {"store": str(self.store), "chunk": self.chunk, "facts": request_facts(self.simulation, self.chunk)}
        return json.dumps({"request": request_text(self.simulation.request), **facts})

    @classmethod
    def from_text(cls, text: str) -> Regions:
        """The regions that another process sent as text.

        Raises
        ------
        InputError
            If the store cannot be reached from this machine.
        KineticsError
            If the request is not what it was there.
        """
        content = json.loads(text)
        store, machine = Path(content["store"]), socket.gethostname()
        if not (store / ".zgroup").is_file():
            raise InputError(
                f"{store}: the worker on {machine} finds no such store; name a folder with --out (in Python out) that "
                "all machines of the cluster share"
            )
        regions = cls(plan_simulation(request_from(content["request"])), store, content["chunk"])
        if request_facts(regions.simulation, regions.chunk) != content["facts"]:
            raise KineticsError(f"the request that came to {machine} is not the one that was sent")
        return regions


def request_facts(simulation: Simulation, chunk: int) -> dict[str, Any]:
    """Everything the numbers of a store depend on, as JSON."""
    facts = {name: fact for name, fact in simulation.facts.items() if fact is not None}
    size = {f"{simulation.dim}s": simulation.size, "chunk": chunk, "version": __version__}
    request = {**facts, **simulation.settings, **size, "variables": list(simulation.blank())}
    return json.loads(json.dumps(request, default=lambda number: number.item()))
