"""Which fits are made, and in which order: each after those that it builds on or extends."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeAlias

from kinetics.cohorts.fit_results import result_path
from kinetics.cohorts.lineage import problem_behind
from kinetics.errors import Fault, Faults, InputError
from kinetics.estimate import Estimates
from kinetics.estimate.problem.extension import VARIANTS, read_fit_document
from kinetics.estimate.problem.reading import ProblemReader, fits_before, stems
from kinetics.files.documents import read_document
from kinetics.files.library import find_file, library_folder, library_names

Names: TypeAlias = Iterable[str | Path] | str | Path
"""Fits, their files, or folders of them."""

TYPICAL = 32
"""Virtual patients that take about as long as the typical patient with its exact sensitivities."""


@dataclass(frozen=True)
class PlannedFit:
    """A fit problem that is to be made.

    Parameters
    ----------
    path : pathlib.Path
        Its file.
    after : tuple of pathlib.Path
        The resolved files of those among the planned whose estimates it holds.
    is_named : bool
        Whether it was asked for; else one that was builds on it.
    work : int
        About how much work it is: searches times virtual patients.
    """

    path: Path
    after: tuple[Path, ...]
    is_named: bool
    work: int

    @property
    def name(self) -> str:
        """The name of the fit."""
        return self.path.stem


def planned_fits(names: Names | None = None, *, variants: bool = False) -> list[PlannedFit]:
    """The fits of some names, files or folders, by default all that ship, and those that they build on, in order.

    A fit builds on those that its problem, or else the cohorts of its rows, name. With ``variants``, those in the
    folder `VARIANTS` beside a fit that extend it are added.

    Raises
    ------
    InputError
        With every fault of every problem, or with the members of a circle. What is wrong because the result of a
        planned fit is missing is no fault yet.
    """
    faults = Faults()
    named = dict.fromkeys(path for name in _given(names) for path in _files(name, faults))
    reading = _Reading(faults)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of results that may be made anew
        for path in named:
            reading.add(path)
        if variants:
            named |= dict.fromkeys(path for path in _variants(list(named), faults) if reading.extends_one(path))
        reading.note_faults()
    faults.raise_if_any()
    asked = {path.resolve() for path in named}
    return [reading.planned(path, is_named=path in asked) for path in _in_order(reading.order())]


class _Reading:
    """Fit problems by their resolved paths, with those that they build on."""

    def __init__(self, faults: Faults) -> None:
        self.read: dict[Path, ProblemReader] = {}
        self.after: dict[Path, list[Path]] = {}
        self._faults = faults

    def add(self, path: Path) -> None:
        """Read a problem, and those that it builds on."""
        todo = [path]
        while todo:
            each = todo.pop()
            if (key := each.resolve()) in self.read:
                continue
            with self._faults.gather(str(each)):
                self.read[key] = ProblemReader(*read_fit_document(each))
                before = list(_problems_before(self.read[key]))
                self.after[key] = [one.resolve() for one in before]
                todo += reversed(before)

    def extends_one(self, path: Path) -> bool:
        """Add a problem if it extends one that is there; whether it does."""
        with self._faults.gather(str(path)):
            if any(base.resolve() in self.read for base in read_fit_document(path)[1]):
                self.add(path)
                return True
        return False

    def note_faults(self) -> None:
        """Note the faults of problems whose cohorts can be had; of others they show when it is their turn."""
        for key, read in self.read.items():
            if all(_has_result(path) for path in self.after.get(key, ())):
                with self._faults.gather():
                    read.faults.raise_if_any()

    def order(self) -> dict[Path, list[Path]]:
        """What must come before each: fits that it builds on, and those that it extends."""
        extended = {key: [base.resolve() for base in read.extends] for key, read in self.read.items()}
        return {key: [*self.after[key], *(base for base in extended[key] if base in self.read)] for key in self.read}

    def planned(self, key: Path, *, is_named: bool) -> PlannedFit:
        read = self.read[key]
        virtual = read.population or read.facts
        work = int(read.header["starts"] or 1) * (TYPICAL if virtual is None else virtual.patients)
        return PlannedFit(read.document.path, tuple(self.after[key]), is_named, work)


def _given(names: Names | None) -> list[str | Path]:
    if names is None:
        return [library_folder("fits")]
    given: list[str | Path] = [names] if isinstance(names, str | Path) else list(names)
    if not given:
        raise InputError(Fault("name at least one fit, or leave it out for all that ship", name="fits"))
    return given


def _files(name: str | Path, faults: Faults) -> list[Path]:
    """The fit problems of a name, a file or a folder."""
    with faults.gather(name="fits"):
        if not isinstance(name, str | Path):
            raise InputError(f"must be names of fits, files or folders; found {type(name).__name__} {name!r:.40}")
        if not Path(name).is_dir() or name in library_names("fits"):
            return [find_file(name, "fits")]
        problems = list(_problems_in(Path(name), faults))
        if not problems and not faults:
            raise InputError(f"{name}: there is no fit problem in this folder")
        return problems
    return []


def _problems_in(folder: Path, faults: Faults) -> Iterator[Path]:
    """The fit problems of a folder, in alphabetical order."""
    for path in sorted(folder.glob("*.toml")):
        if "." not in path.stem:
            with faults.gather(str(path)):
                if "fit" in read_document(path).data:
                    yield path


def _variants(fits: Sequence[Path], faults: Faults) -> Iterator[Path]:
    for folder in dict.fromkeys(path.parent / VARIANTS for path in fits):
        yield from _problems_in(folder, faults)


def _problems_before(read: ProblemReader) -> Iterator[Path]:
    """The problems of the fits whose estimates a problem holds, each once; what cannot be named is a fault of it."""
    if read.model is None:
        return
    own, model = (read.name, *stems(read.extends)), read.model
    before = dict[Path, None]()
    for cohort in dict.fromkeys(item.row.cohort or "" for item in (*read.rows, *read.fact_rows)):
        with suppress(InputError):
            for fit in fits_before(own, read.builds_on, model, cohort):
                if (path := problem_behind(model, fit, cohort)) is not None:
                    before[path] = None
    yield from before


def _has_result(path: Path) -> bool:
    """Whether a fit has a committed result that can be read."""
    with suppress(InputError):
        return bool(Estimates.read(result_path(path)).names)
    return False


def _in_order(before: dict[Path, list[Path]]) -> list[Path]:
    """The paths, each after those that come before it; an `InputError` with the members of a circle."""
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:
        circle: list[Path] = error.args[1]
        names = " -> ".join(path.stem for path in reversed(circle))
        message = f"fits build on one another in a circle: {names}; 'builds_on' of one must leave the next one out"
        raise InputError(Fault(message, str(circle[-1]), "fit.builds_on")) from None
