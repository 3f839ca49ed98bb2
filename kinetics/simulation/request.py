"""A study: the runs that one request asks for, any stretch of them as a dataset with units and provenance."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.expressions.reserved import joined
from kinetics.files.capacity import check_disk, check_memory, check_runs, size_text
from kinetics.observation import Observation
from kinetics.results import provenance, variable
from kinetics.simulation.runs import Progress, Run
from kinetics.simulation.triggered_doses import triggered_variables

__all__ = ["COPIES", "Study"]

COPIES = 3
"""The most copies of the values in memory at once: from the engine, joined, and as the bytes of a file."""
TOLD = 2**30
"""A result of more bytes than this is said to be large before it is made."""


@dataclass(frozen=True, eq=False)
class Study:
    """Who is simulated, and what is said about the result.

    Parameters
    ----------
    run : Run
        What all of them share.
    dim : {"patient", "draw"} or None
        The dim they add; None for one run without any.
    size : int
        How many.
    table : callable
        The parameters, (run, parameter), of the runs from one number up to another; they depend on those numbers alone.
    facts : mapping
        Provenance of the result.
    request : mapping
        What the numbers depend on beside it, as JSON has it.
    observation : Observation, optional
        Visits at which patients are seen; the run's times are then those of the observation.
    """

    run: Run
    dim: str | None
    size: int
    table: Callable[[int, int], np.ndarray]
    facts: Mapping[str, Any]
    request: Mapping[str, Any]
    observation: Observation | None = None

    def dataset(self, begin: int = 0, end: int | None = None, *, progress: Progress | None = None) -> xr.Dataset:
        """Integrate the runs from one number up to another.

        Parameters
        ----------
        begin, end : int
            The stretch; all by default.
        progress : callable, optional
            Called with (done, all).

        Returns
        -------
        xarray.Dataset
            As `kinetics.simulation.simulating.simulate` describes it.

        Raises
        ------
        IntegrationError
            If the only run, of a study without a dim, cannot be integrated.
        """
        table = self.table(begin, self.size if end is None else end)
        if self.dim is None:
            columns, reasons = [column[None] for column in self.run.of_patient(table[0])], [""]
            if progress is not None:
                progress(1, 1)
        else:
            columns, reasons = self.run.of_patients(table, progress)
        return self._labelled(columns, reasons, begin)

    def check_capacity(self, store: Path | None = None) -> None:
        """Refuse a study whose result has no room, before the work; say what a large one takes.

        Parameters
        ----------
        store : pathlib.Path, optional
            The checked place it is streamed to; without it the result is held in memory.

        Raises
        ------
        InputError
            If there are more runs than can ever be done, or the result fits neither memory nor disk.

        Warns
        -----
        UserWarning
            If it takes more than a gigabyte.
        """
        size = self.size * self._bytes_of_one()
        what = f"{self.size} {self.dim or 'patient'}s at {self.run.times.size} times"
        check_runs(self.size, what)
        if store is None:
            stream = ", or stream them to a disk with --out NAME.zarr (in Python out='NAME.zarr')" if self.dim else ""
            check_memory(COPIES * size, what, f"ask for fewer, or fewer times{stream}")
        else:
            check_disk(size, store.parent, what, "ask for fewer, or fewer times, or a larger disk")
        if size > TOLD:
            place = "memory, and as much again to write" if store is None else "disk"
            warnings.warn(f"{what}: the result takes about {size_text(size)} of {place}", stacklevel=3)

    def _bytes_of_one(self) -> int:
        """What the values of one run and its parameters take."""
        run = self.run
        courses = len(run.measures) * run.starts.size
        given = (
            0 if run.triggers is None else sum(array.nbytes for array in TriggeredDoses.none(run.triggers, 1).arrays)
        )
        seen = 0 if self.observation is None else run.bytes_of_one()
        return run.bytes_of_one() + seen + given + 8 * (courses + len(run.system.parameters))

    def blank(self) -> xr.Dataset:
        """The dataset of one run of which nothing is known: every variable, dim, unit and attribute of the others'."""
        return self._labelled(self.run.nothing(1), [""], 0)

    def _labelled(self, columns: list[np.ndarray], reasons: list[str], first: int) -> xr.Dataset:
        run, dim, model = self.run, self.dim, self.run.system.model
        lead: tuple[str, ...] = () if dim is None else (dim,)
        data: dict[str, Any] = {}
        added: dict[str, Any] = {}
        for index, row in enumerate(run.quantities()):
            values = columns[0][:, :, index]
            attrs = {"lower_limit": row.lower_limit} if getattr(row, "lower_limit", None) else {}
            about = row.about or row.name
            told = getattr(row, "exploratory", False)
            data[row.name] = variable(
                (*lead, "time"), values if dim else values[0], row.unit, about, exploratory=told, **attrs
            )
        for measure, values in zip(run.measures, columns[1 : 1 + len(run.measures)], strict=True):
            unit = measure.unit(model.quantity(measure.output).unit, model.time)
            added[measure.name] = variable((*lead, "course"), values if dim else values[0], unit, measure.long_name)
        coords: dict[str, Any] = {"time": variable(("time",), run.times, model.time, "time since the first dose")}
        if run.starts.size:
            number = np.arange(1, run.starts.size + 1)
            coords["course"] = xr.Variable(("course",), number, {"long_name": "course of treatment"})
            added["course_start"] = variable(("course",), run.starts, model.time, "first dose of the course")
        if run.triggers is not None:
            fired = TriggeredDoses(*(values if dim else values[0] for values in columns[1 + len(run.measures) :]))
            variables, along = triggered_variables(model, run.triggers, fired, lead)
            added, coords = joined(added, variables), joined(coords, along)
        if dim is not None:
            number = np.arange(first, first + len(reasons))
            coords[dim] = xr.Variable((dim,), number, {"long_name": f"number of the {dim}"})
            told = {"long_name": "reason of a failure, or nothing"}
            added["failure"] = xr.Variable((dim,), np.array(reasons, dtype=object), told)
        data = joined(data, added)
        joined(data, coords)
        whole = xr.Dataset(data, coords, provenance(**self.facts))
        return whole if self.observation is None else self.observation.added(whole)
