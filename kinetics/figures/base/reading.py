"""Reads the tables of a figure file, and what they name, and collects everything that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from kinetics.errors import Faults
from kinetics.figures.base.rows import PageRow
from kinetics.files.documents import Document
from kinetics.files.library import find_file, path_from
from kinetics.files.rows import Reader
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.units import check_duration

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem

__all__ = ["SpecReader"]

Key = str | int


class SpecReader(Reader):
    """A figure file under check, with the ``tables`` it may have; every fault is kept with the line of its key."""

    def __init__(self, document: Document, *tables: str) -> None:
        super().__init__(document, Faults())
        self.check_tables("figure", "size", *tables)

    def refuse(self) -> NoReturn:
        """Raise an `InputError` with every fault."""
        self.faults.raise_if_any()
        raise AssertionError("a part of the figure is missing, and nothing says why")

    def page(self) -> PageRow:
        """``[size]``."""
        return self.table(PageRow, "size") or PageRow()

    def path(self, name: str) -> str | Path:
        """A file named in this one: a path from its folder, or a name of the library."""
        return path_from(self.document.path, name)

    def model(self, name: str) -> Model | None:
        """What ``figure.model`` names."""
        return self.read(lambda: Model.load(self.path(name)), "figure", "model")

    def regimen(self, name: str) -> Regimen | None:
        """What ``figure.regimen`` names."""
        return self.read(lambda: Regimen.load(self.path(name)), "figure", "regimen")

    def problem(self, fit: str) -> FitProblem | None:
        """What ``figure.fit`` names."""
        from kinetics.estimate import FitProblem

        return self.read(lambda: FitProblem.load(find_file(self.path(fit), "fits")), "figure", "fit")

    def check_duration(self, text: str, *keys: Key) -> None:
        """Note a text that is no positive time."""
        with self.at(*keys):
            check_duration(text)

    def check_cohort(self, cohort: str | None, model: Model) -> None:
        """Note a cohort that the model does not have."""
        if cohort is not None and cohort not in model.cohorts:
            names = ", ".join(model.cohorts) or "none"
            self.add(f"model '{model.name}' has no cohort '{cohort}'; there are {names}", "figure", "cohort")
