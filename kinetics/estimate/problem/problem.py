"""A fit problem: which parameters are free, which published rows they answer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from kinetics.cohorts.cohort import CohortParameters, fits_behind
from kinetics.compile import System, compile_model
from kinetics.errors import Faults, InputError
from kinetics.estimate.problem.free import FreeParameter, read_free
from kinetics.estimate.problem.rows import read_cohorts, read_rows, read_targets
from kinetics.estimate.problem.schema import FitRow, PopulationRow
from kinetics.files.checksums import content_hash
from kinetics.files.documents import read_document
from kinetics.files.library import find_file, path_from
from kinetics.files.rows import Reader
from kinetics.model import Model
from kinetics.population.seeds import checked_seed
from kinetics.published import Target

__all__ = ["FitProblem", "FreeParameter"]


ENGINES = ("auto", "batch", "scipy")
MAX_STARTS = 1000


@dataclass(frozen=True, eq=False, repr=False)
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
    cohorts : dict of str to CohortParameters
        The cohorts of the rows, with the estimates of the fits before this one.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> name = library_names("fits")[0]
    >>> FitProblem.load(name).name == name
    True
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
    cohorts: dict[str, CohortParameters] = field(default_factory=dict)

    def __repr__(self) -> str:
        fitted, of = len(self.fitted), "the typical patient" if self.population is None else "a population"
        rows = f"{len(self.free)} free parameters, {fitted} of {len(self.targets)} rows fitted"
        return f"<FitProblem '{self.name}' of '{self.model.name}', {of}: {rows}>"

    @classmethod
    def load(cls, name: str | Path) -> FitProblem:
        """Read the fit problem of a path, or of the name of a fit that ships, and everything it names.

        Raises
        ------
        InputError
            With every fault of the problem, its tables, its model and its regimens.
        """
        document = read_document(find_file(name, "fits"))
        reader = Reader(document, Faults())
        reader.check_tables("fit", "population", "free", "spreads")
        header = reader.fields(FitRow, document.data.get("fit", {}), "fit")
        population, model = _population(reader, header), None
        if header["model"] is not None:
            model = reader.read(partial(Model.load, path_from(document.path, header["model"])), "fit", "model")
        placed = read_rows(reader, header)
        builds_on = None if header["builds_on"] is None else tuple(header["builds_on"])
        name = document.path.stem
        cohorts = read_cohorts(model, placed, partial(_before, name, builds_on), reader.faults)
        fitted = cohorts.get(next((item.row.cohort for item in placed if item.row.use == "fit"), ""))
        free = read_free(reader, model, fitted)
        targets = read_targets(reader, model, placed, cohorts, header, population)
        reader.faults.raise_if_any()
        assert model is not None
        return cls(
            name=name,
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
            cohorts=cohorts,
        )

    def with_settings(
        self, *, starts: int | None = None, seed: int | None = None, engine: str | None = None
    ) -> FitProblem:
        """The same problem with other settings than the file's, where they are not None.

        Raises
        ------
        InputError
            With every setting that is wrong.
        """
        faults = Faults()
        if starts is not None and (not _is_integer(starts) or not 1 <= starts <= MAX_STARTS):
            faults.add(f"must be an integer from 1 to {MAX_STARTS}, found {starts!r:.40}", name="starts")
        if engine is not None and engine not in ENGINES:
            faults.add(f"unknown engine '{engine}'; there are {', '.join(ENGINES)}", name="engine")
        with faults.gather(name="seed"):
            seed = None if seed is None else checked_seed(seed)
        faults.raise_if_any()
        settings = {"starts": starts, "seed": seed, "engine": engine}
        return replace(self, **{name: value for name, value in settings.items() if value is not None})

    def indices(self, names: str | Sequence[str]) -> list[int]:
        """The numbers of the free parameters of these names, in the order of the problem; ``"all"`` names all.

        Raises
        ------
        InputError
            With every name that is not free, or if none is named.
        """
        free = [one.name for one in self.free]
        if names == "all":
            return list(range(len(free)))
        named = [names] if isinstance(names, str) else list(names)
        if not named:
            raise InputError("name at least one parameter, or all")
        unknown = [name for name in named if name not in free]
        if unknown:
            raise InputError(*(f"'{name}' is not free in {self.name}; there are {', '.join(free)}" for name in unknown))
        return sorted({free.index(name) for name in named})

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
        """A cohort of the rows, with the estimates of the fits before this one."""
        return self.cohorts[name]

    def fits_before(self, cohort: str) -> tuple[str, ...]:
        """The fits whose estimates are held in a cohort, earlier first."""
        return _before(self.name, self.builds_on, self.model, cohort)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _before(fit: str, builds_on: tuple[str, ...] | None, model: Model, cohort: str) -> tuple[str, ...]:
    behind = fits_behind(model, cohort) if builds_on is None else builds_on
    return tuple(name for name in behind if name != fit)


def _population(reader: Reader, header: Mapping[str, Any]) -> PopulationRow | None:
    """The table of a population fit, or None; what only such a fit has, and has not, is checked."""
    tables = reader.document.data
    if "population" not in tables:
        if "spreads" in tables:
            reader.add("needs a table [population]: a typical patient has no spread", "spreads")
        return None
    if header["discrepancy"]:
        reader.add(
            "a population fit has none: the errors of its rows are those of sampling patients", "fit", "discrepancy"
        )
    return reader.table(PopulationRow, "population")
