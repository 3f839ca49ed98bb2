"""A fit problem: the free parameters, and the published rows that they are fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.fit_results import BETWEEN_STUDIES
from kinetics.compile import System, compile_model
from kinetics.errors import Faults, InputError
from kinetics.estimate.problem.data_hash import data_hash
from kinetics.estimate.problem.extension import read_fit_document
from kinetics.estimate.problem.facts import FactsRow
from kinetics.estimate.problem.free import FreeParameter
from kinetics.estimate.problem.other_formats import OtherFormats
from kinetics.estimate.problem.reading import PopulationRow, ProblemReader, fits_before, stems
from kinetics.files.arguments import whole_number
from kinetics.files.library import find_file
from kinetics.model import Model
from kinetics.population.seeds import checked_seed
from kinetics.published import Arm, Target
from kinetics.simulation.engine import check_engine
from kinetics.text.numbers import number_text
from kinetics.text.tables import html_table
from kinetics.units import display_unit, unit_text

T = TypeVar("T", bound=Target)

ROUNDING = 1e-6
"""Relative; a committed result has ten digits."""
MAX_STARTS = 1000


@dataclass(frozen=True, eq=False, repr=False)
class FitProblem(OtherFormats):
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
    reduce : bool
        Integrate only the states that move, see `kinetics.simulation.SimulationRequest`. The file does not say.
    population, facts : PopulationRow and FactsRow, optional
        The virtual patients of a population fit, and of a fit of facts with its rows; None for any other fit.
    builds_on : tuple of str, optional
        The fits whose estimates are held; None for those the cohorts name, without this one.
    cohorts : dict of str to CohortParameters
        The cohorts of the rows, with the estimates of the fits before this one.
    extends : tuple of pathlib.Path
        The files of the fit problems that it extends, nearest first.

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
    reduce: bool = True
    population: PopulationRow | None = None
    facts: FactsRow | None = None
    builds_on: tuple[str, ...] | None = None
    cohorts: dict[str, CohortParameters] = field(default_factory=dict[str, CohortParameters])
    extends: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        of = "facts" if self.facts else "a population" if self.population else "the typical patient"
        rows = f"{len(self.free)} free parameters, {len(self.fitted)} of {len(self.targets)} rows fitted"
        return f"<FitProblem '{self.name}' of '{self.model.name}', {of}: {rows}>"

    def _repr_html_(self) -> str:
        rows = [
            [one.name, *map(number_text, (one.start, one.lower, one.upper)), display_unit(one.unit)]
            for one in self.free
        ]
        return html_table(repr(self)[1:-1], ["free parameter", "start", "lower", "upper", "unit"], rows)

    @classmethod
    def load(cls, name: str | Path) -> FitProblem:
        """Read the fit problem of a path, or of the name of a fit that ships, and everything it names.

        Raises
        ------
        InputError
            With every fault of the problem, its tables, its model and its regimens.
        """
        read = ProblemReader(*read_fit_document(find_file(name, "fits")))
        read.faults.raise_if_any()
        assert read.model is not None
        return cls(
            name=read.name,
            **{key: read.header[key] for key in ("title", "about", "starts", "seed")},
            model=read.model,
            free=read.free,
            targets=read.targets,
            discrepancy=float(read.header["discrepancy"]),
            path=read.document.path,
            data_hash=data_hash(read, read.model),
            population=read.population,
            facts=read.facts,
            builds_on=read.builds_on,
            cohorts=read.cohorts,
            extends=read.extends,
        )

    def with_settings(
        self,
        *,
        starts: int | None = None,
        seed: int | None = None,
        engine: str | None = None,
        reduce: bool | None = None,
    ) -> FitProblem:
        """The same problem with other settings than the file's, where they are not None.

        Raises
        ------
        InputError
            With every setting that is wrong.
        """
        faults = Faults()
        with faults.gather():
            starts = None if starts is None else whole_number("starts", starts, 1, MAX_STARTS)
        with faults.gather(name="engine"):
            check_engine(self.engine if engine is None else engine)
        with faults.gather(name="seed"):
            seed = None if seed is None else checked_seed(seed)
        faults.raise_if_any()
        settings = {"starts": starts, "seed": seed, "engine": engine, "reduce": reduce}
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
            right = f"there are {', '.join(free)}, and 'all' for every one"
            raise InputError(*(f"'{name}' is not free in {self.name}; {right}" for name in unknown))
        return sorted({free.index(name) for name in named})

    @cached_property
    def system(self) -> System:
        """The compiled model, for the drugs of all rows."""
        drugs = {drug for target in self.targets for drug in target.regimen.drugs}
        return compile_model(self.model, drugs if self.reduce else None)

    @cached_property
    def fitted(self) -> tuple[Target, ...]:
        """The targets that are fitted."""
        return tuple(target for target in self.targets if target.row.use == "fit")

    @property
    def study_effects(self) -> tuple[FreeParameter, ...]:
        """The standard deviations between studies that are estimated."""
        return tuple(one for one in self.free if one.flat.endswith(BETWEEN_STUDIES))

    def fits_before(self, cohort: str) -> tuple[str, ...]:
        """The fits whose estimates are held in a cohort, earlier first."""
        return fits_before((self.name, *stems(self.extends)), self.builds_on, self.model, cohort)

    def outdated(self, facts: Mapping[str, Any]) -> list[str]:
        """What has changed since the fit with these `Estimates.facts`: ``problem or tables``, ``model``."""
        now = {"problem or tables": ("data_hash", self.data_hash), "model": ("model_hash", self.model.content_hash)}
        return [what for what, (key, current) in now.items() if facts.get(key) != current]

    def log_parameters(self, values: Mapping[str, float]) -> np.ndarray:
        """The logarithms of estimates, (parameter,), in the order of `free`; ``values`` are by flat name."""
        return np.log([values[one.flat] for one in self.free])

    def outside_bounds(self, values: Mapping[str, float]) -> dict[str, str]:
        """What to say of each estimate outside its bounds, by its name; ``values`` are by flat name."""
        return {
            one.name: f"{value:.10g} is outside its bounds {one.lower:g} to {one.upper:g} {unit_text(one.unit)}"
            for one in self.free
            if (value := values.get(one.flat)) is not None
            and not one.lower * (1 - ROUNDING) <= value <= one.upper * (1 + ROUNDING)
        }


def targets_by_arm(problem: FitProblem, targets: Sequence[T]) -> dict[Arm, list[T]]:
    """The targets of each cohort under each regimen, with the settings of its arm: one simulation gives them all."""
    arms: dict[tuple[Any, ...], Arm] = {}
    by_arm: dict[Arm, list[T]] = {}
    for target in targets:
        cohort, regimen, settings = problem.cohorts[target.row.cohort], target.regimen, target.settings
        if settings:
            cohort = replace(cohort, values={**cohort.values, **settings})
        arm = Arm(problem.model, cohort, regimen, problem.reduce)
        arm = arms.setdefault((target.row.cohort, regimen.content_hash, *sorted(settings.items())), arm)
        by_arm.setdefault(arm, []).append(target)
    return by_arm
