"""A fit problem: which parameters are free, which published rows they answer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters, fits_behind
from kinetics.compile import System, compile_model
from kinetics.errors import Faults
from kinetics.estimate.problem.free import FreeParameter, read_free, read_spreads
from kinetics.estimate.problem.rows import read_targets
from kinetics.estimate.problem.schema import FitRow, PopulationRow
from kinetics.files.checksums import content_hash
from kinetics.files.documents import Document, read_document
from kinetics.files.library import find_file, path_from
from kinetics.files.rows import read_fields, read_row
from kinetics.files.tables import PlacedRow, read_table
from kinetics.model import Model
from kinetics.published import PublishedRow, Target

__all__ = ["FitProblem", "FreeParameter"]


@dataclass(frozen=True, eq=False)
class FitProblem:
    """A checked fit problem.

    Parameters
    ----------
    name, title, about : str
        What it is called, and what it assumes.
    model : Model
        The model that is fitted.
    free : tuple of FreeParameter
        What is estimated.
    targets : tuple of Target
        Published rows, those for fitting and those that are only compared.
    discrepancy : float
        Log standard deviation added to every row's own.
    starts, seed : int
        Number of searches, and where the later ones begin; the seed is also that of virtual patients.
    path : pathlib.Path
        The file.
    data_hash : str
        SHA-256 of the problem, its tables, their regimens, and their cohorts without this fit's own estimates.
    engine : {"auto", "scipy", "batch"}
        Who integrates; ``auto`` is the batch engine. The file does not say.
    population : PopulationRow, optional
        The virtual patients of a population fit; None for a fit of the typical patient.
    builds_on : tuple of str, optional
        The fits whose estimates are held; None for those the cohorts name, without this one.
    """

    name: str
    title: str
    about: str
    model: Model
    free: tuple[FreeParameter, ...]
    targets: tuple[Target, ...]
    discrepancy: float
    starts: int
    seed: int
    path: Path
    data_hash: str
    engine: str = "auto"
    population: PopulationRow | None = None
    builds_on: tuple[str, ...] | None = None

    @classmethod
    def load(cls, name: str | Path) -> FitProblem:
        """Read a fit problem and everything it names.

        Parameters
        ----------
        name : str or pathlib.Path
            A path, or the name of a fit that ships.

        Raises
        ------
        InputError
            With every fault of the problem, its tables, its model and its regimens.

        Examples
        --------
        >>> from kinetics.files.library import library_names
        >>> name = library_names("fits")[0]
        >>> FitProblem.load(name).name == name
        True
        """
        document = read_document(find_file(name, "fits"))
        faults = Faults()
        for key in sorted(document.data.keys() - set(_TABLES)):
            faults.add(f"unknown table; there are {', '.join(_TABLES)}", document.where(key), key)
        header = read_fields(FitRow, document.data.get("fit", {}), document, ("fit",), faults)
        population = _population(document, header, faults)
        model = _model(header["model"], document, faults)
        placed = _placed(header["tables"] or (), document, faults)
        if header["calibrate"]:
            placed = [_calibrated(item) for item in placed]
        builds_on = None if header["builds_on"] is None else tuple(header["builds_on"])
        cohorts = _cohorts(model, placed, builds_on, document, faults)
        fitted = cohorts.get(next((item.row.cohort for item in placed if item.row.use == "fit"), ""))
        free = read_free(document, model, None if fitted is None else fitted.values, faults)
        free += read_spreads(document, model, fitted, faults)
        targets = read_targets(model, placed, cohorts, header, population, document, faults)
        faults.raise_if_any()
        assert model is not None
        return cls(
            name=document.path.stem,
            title=header["title"],
            about=header["about"],
            model=model,
            free=free,
            targets=targets,
            discrepancy=float(header["discrepancy"]),
            starts=header["starts"],
            seed=header["seed"],
            path=document.path,
            data_hash=content_hash(
                document.data,
                [item.row.model_dump(exclude_defaults=True) for item in placed],
                {target.row.regimen: target.regimen.content_hash for target in targets},
                {name: cohort.content_hash for name, cohort in cohorts.items()},
                {target.row.name: target.visits for target in targets if target.visits},
            ),
            population=population,
            builds_on=builds_on,
        )

    @property
    def model_reference(self) -> str:
        """What `Model.load` finds the model by: its name if it ships, else its path."""
        return self.model.reference

    @cached_property
    def system(self) -> System:
        """The compiled model."""
        return compile_model(self.model)

    @cached_property
    def fitted(self) -> tuple[Target, ...]:
        """The targets that are fitted."""
        return tuple(target for target in self.targets if target.row.use == "fit")

    def cohort(self, name: str) -> CohortParameters:
        """A cohort's parameters with the estimates of the fits before this one."""
        return cohort_parameters(self.model, name, fits=self.fits_before(name))

    def fits_before(self, cohort: str) -> tuple[str, ...]:
        """The fits whose estimates are held in a cohort, earlier first."""
        return _before(self.name, self.builds_on, self.model, cohort)


_TABLES = ("fit", "population", "free", "spreads")


def _before(name: str, builds_on: tuple[str, ...] | None, model: Model, cohort: str) -> tuple[str, ...]:
    behind = fits_behind(model, cohort) if builds_on is None else builds_on
    return tuple(fit for fit in behind if fit != name)


def _population(document: Document, header: Mapping[str, Any], faults: Faults) -> PopulationRow | None:
    """The table of a population fit, or None; what only such a fit has, and has not, is checked."""
    if "population" not in document.data:
        if "spreads" in document.data:
            faults.add("needs a table [population]: a typical patient has no spread", document.where("spreads"))
        return None
    if header["discrepancy"]:
        message = "a population fit has none: the errors of its rows are those of sampling patients"
        faults.add(message, document.where("fit", "discrepancy"), "fit.discrepancy")
    return read_row(PopulationRow, document.data["population"], document, ("population",), faults)


def _placed(tables: Iterable[str], document: Document, faults: Faults) -> list[PlacedRow[PublishedRow]]:
    """The rows of all tables that are right."""
    placed: list[PlacedRow[PublishedRow]] = []
    for table in tables:
        with faults.gather(document.where("fit", "tables"), "fit.tables") as noted:
            placed += read_table(document.path.parent / table, PublishedRow, noted)
    return placed


def _calibrated(item: PlacedRow[PublishedRow]) -> PlacedRow[PublishedRow]:
    """A row marked for calibration as one for fitting: the fit learns what it would else be given."""
    if item.row.use != "calibrate":
        return item
    return replace(item, row=item.row.model_copy(update={"use": "fit"}))


def _model(name: str | None, document: Document, faults: Faults) -> Model | None:
    with faults.gather(document.where("fit", "model"), "fit.model"):
        return None if name is None else Model.load(path_from(document.path, name))
    return None


def _cohorts(
    model: Model | None,
    placed: Iterable[PlacedRow[PublishedRow]],
    builds_on: tuple[str, ...] | None,
    document: Document,
    faults: Faults,
) -> dict[str, CohortParameters]:
    """The cohorts that rows name, without this fit's own estimates; those that cannot be had are left out."""
    cohorts: dict[str, CohortParameters] = {}
    for item in placed if model else ():
        assert model is not None
        if (name := item.row.cohort) not in cohorts:
            with faults.gather(item.where, f"{item.row.name}.cohort"):
                fits = _before(document.path.stem, builds_on, model, name)
                cohorts[name] = cohort_parameters(model, name, fits=fits)
    return cohorts
