"""`Simulation`: the runs of one request, any stretch of them as a dataset with units and provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.errors import warn
from kinetics.files.arguments import Progress
from kinetics.files.capacity import check_disk, check_memory, check_runs, size_text
from kinetics.population.run_parameters import RunParameters
from kinetics.simulation.labelled import labelled, with_parameters
from kinetics.simulation.request import LoadedRequest
from kinetics.simulation.run_results import RunResults
from kinetics.simulation.runs import Run

Observed = Callable[[xr.Dataset], xr.Dataset]

COPIES = 3
"""The most copies of the values in memory at once: from the engine, joined, and as the bytes of a file."""
LARGE = 2**30
"""A result of more bytes than this is said to be large before it is made."""


@dataclass(frozen=True, eq=False)
class Simulation:
    """The runs of a request, not yet integrated.

    They are those of ``request``, share ``run`` and differ in ``parameters``. ``facts`` are the provenance of the
    result, ``limits`` its lower limits of normal by output, ``settings`` what the numbers depend on beside them, as
    JSON has it. ``observed`` makes of a dataset on (patient, time), the times of the run, one at the output times with
    what visits show; None without visits.
    """

    request: LoadedRequest
    run: Run
    parameters: RunParameters
    facts: Mapping[str, Any]
    limits: Mapping[str, str]
    settings: Mapping[str, Any]
    observed: Observed | None = None

    @property
    def dim(self) -> str | None:
        """The dim that the runs add; None for one run without any."""
        return self.parameters.dim

    @property
    def size(self) -> int:
        """The number of runs."""
        return self.parameters.size

    def dataset(self, begin: int = 0, end: int | None = None, *, progress: Progress | None = None) -> xr.Dataset:
        """Integrate the runs from one number up to another, all by default.

        Returns
        -------
        xarray.Dataset
            As `kinetics.simulation.simulating.simulate` describes it.

        Raises
        ------
        IntegrationError
            If the only run, without a dim, cannot be integrated.
        """
        return self.labelled(self.results(begin, self.size if end is None else end, progress), begin)

    def results(self, begin: int, end: int, progress: Progress | None = None) -> RunResults:
        """The results of the runs from one number up to another."""
        table = self.parameters.rows(begin, end)
        if self.dim is not None:
            return self.run.of_patients(table, progress)
        results = self.run.of_patient(table[0])
        if progress is not None:
            progress(1, 1)
        return results

    def blank(self) -> xr.Dataset:
        """The dataset of one run of which nothing is known: every variable, dim, unit and attribute of the others'."""
        return self.labelled(self.run.nothing(1), 0)

    def labelled(self, results: RunResults, first: int) -> xr.Dataset:
        """The dataset of runs numbered from ``first``."""
        dataset = labelled(self.run, results, self.dim, first, self.facts, self.limits)
        dataset = dataset if self.observed is None else self.observed(dataset)
        if self.dim is None:
            return dataset
        rows = self.parameters.rows(first, first + len(results.failures))
        return with_parameters(dataset, self.request, rows, self.dim, first)

    def check_capacity(self, store: Path | None = None) -> None:
        """Refuse, with an `InputError`, a result that has no room in memory or in a store; warn of a large one."""
        size = self.size * self._bytes_of_one()
        what = f"{self.size} {self.dim or 'patient'}s at {self.run.times.size} times"
        check_runs(self.size, what)
        if store is None:
            stream = ", or stream them to a disk with --out NAME.zarr (in Python out='NAME.zarr')" if self.dim else ""
            check_memory(COPIES * size, what, f"ask for fewer, or fewer times{stream}")
        else:
            check_disk(size, store.parent, what, "ask for fewer, or fewer times, or a larger disk")
        if size > LARGE:
            room = "memory, and as much again to write" if store is None else "disk"
            warn(f"{what}: the result takes about {size_text(size)} of {room}")

    def _bytes_of_one(self) -> int:
        """What the values of one run and its parameters take."""
        run, values = self.run, self.run.bytes_of_one()
        observed = 0 if self.observed is None else values
        triggered = 0 if run.triggers is None else sum(a.nbytes for a in TriggeredDoses.none(run.triggers, 1).arrays)
        return values + observed + triggered + 8 * (len(run.measures) * run.starts.size + len(run.system.parameters))
