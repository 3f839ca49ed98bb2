"""What a result rests on: its model and cohort, the published rows behind it, its methods and its program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xarray as xr

from kinetics import __version__
from kinetics.citation.methods import BATCH, EVENTS, LEAST_SQUARES, NPDE, PETAB, QUASI, SOBOL, methods_of
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import fits_folder
from kinetics.cohorts.lineage import fits_behind, problem_behind
from kinetics.cohorts.parameter_listing import cited_sources
from kinetics.errors import Fault, InputError, UnknownNameError, warn
from kinetics.estimate import Estimates, FitProblem
from kinetics.files.bibliography import CHOICE, Source, find_source
from kinetics.files.library import find_file, path_from
from kinetics.files.tables import PlacedRow
from kinetics.model import Model
from kinetics.published import EvidenceRow
from kinetics.result_kinds import described, kind_of


@dataclass(frozen=True)
class UsedCohort:
    """A model at a cohort, or at its own values, and the flat names of the parameters that fits estimated."""

    model: Model
    name: str | None = None
    estimated: frozenset[str] = frozenset()

    @classmethod
    def committed(cls, model: Model, name: str | None) -> UsedCohort:
        """With what committed fits estimated; what only an uncommitted fit did is none of it."""
        try:
            return cls(model, name, frozenset(cohort_parameters(model, name).estimated))
        except UnknownNameError:
            raise
        except InputError:
            return cls(model, name)


@dataclass(frozen=True)
class Usage:
    """What a result rests on.

    ``fits`` are fits of the first of the ``cohorts`` whose rows count too; ``rows`` are keys of sources with the folder
    of their table; ``version`` and ``year`` are of the program.
    """

    cohorts: tuple[UsedCohort, ...] = ()
    rows: tuple[tuple[str, Path], ...] = ()
    fits: tuple[str, ...] = ()
    methods: frozenset[str] = frozenset()
    version: str = __version__
    year: str = field(default_factory=lambda: str(datetime.now(UTC).year))

    def sources(self) -> Iterator[Source]:
        """The sources of the rows and of the parameters, each once, by key."""
        rows = [*self.rows]
        for name in self.fits:
            rows += _rows_of_fit(name, self.cohorts[0])
        found = {key: find_source(key, folder) for key, folder in rows if key != CHOICE}
        for used in self.cohorts:
            found |= cited_sources(used.model, used.name, used.estimated)
        yield from (source for _, source in sorted(found.items()) if source is not None)


def usage_of_tree(tree: xr.DataTree, model: Model | None) -> Usage:
    """Of a result: ``model`` is its model, if that is none that ships.

    Raises
    ------
    InputError
        If the result does not say its model, or that cannot be found.
    """
    facts: dict[str, Any] = {str(name): value for name, value in tree.attrs.items()}
    stated = {"version": facts.get("package_version"), "year": str(facts.get("created", ""))[:4]}
    program: dict[str, Any] = {name: str(value) for name, value in stated.items() if value}
    if kind_of(tree) == "petab":  # its files name no publications
        return Usage(methods=frozenset({*methods_of(facts, tree.children), *PETAB}), **program)
    model = model or _model_of(tree)
    if facts.get("model_hash") not in (None, model.content_hash):
        warn(f"model '{model.name}' has changed since the result was made; its sources may be others")
    cohort, rows = facts.get("cohort") or None, _observed(tree, model)
    used = UsedCohort.committed(model, cohort)
    if "estimates" in tree.children:
        estimates = Estimates.from_tree(tree)
        used = UsedCohort(model, cohort, used.estimated | {*estimates.by_flat_name(model)})
    named = facts.get("fits") or facts.get("builds_on")
    behind = fits_behind(model, cohort) if cohort and not rows else ()
    fits = tuple(str(named).split(", ")) if named else behind
    return Usage((used,), tuple(rows), fits, frozenset(_methods_of_tree(tree, facts, used)), **program)


def _observed(tree: xr.DataTree, model: Model) -> list[tuple[str, Path]]:
    """The sources of the rows that a fit was fitted to, with the folder of its tables."""
    if "observed" not in tree.children or "source" not in tree["observed"]:
        return []
    observed = tree.children["observed"].to_dataset()
    pairs = zip(observed["source"].values.tolist(), observed["use"].values.tolist(), strict=True)
    return [(str(source), fits_folder(model.path)) for source, use in pairs if use == "fit"]


def _methods_of_tree(tree: xr.DataTree, facts: dict[str, Any], used: UsedCohort) -> set[str]:
    """By its provenance and groups; a fit's file does not say how it was searched, its problem does."""
    methods = {*methods_of(facts, tree.children)}
    if any(group.attrs.get("sampling") == QUASI for group in tree.children.values()):
        methods |= {*SOBOL}
    if "visits" in tree.children and "NPDE" in tree["visits"]:
        methods |= {*NPDE}
    fit = facts.get("fit")
    problem = problem_behind(used.model, str(fit), used.name or "") if fit else None
    return methods if problem is None else methods | _methods_of_fit(FitProblem.load(problem))


def usage_of_problem(problem: FitProblem, estimates: Estimates | None = None) -> Usage:
    """Of a fit that ships or has a file: its rows, the fits it builds on, its model at the cohorts of its rows."""
    free = {each.flat for each in problem.free}
    cohorts = tuple(
        UsedCohort(problem.model, name or None, frozenset(free | cohort.estimated.keys()))
        for name, cohort in problem.cohorts.items()
    )
    built = [fit for cohort in problem.cohorts.values() for fit in cohort.fits]
    engine = "scipy LSODA" if problem.engine == "scipy" else BATCH
    methods = frozenset({*methods_of({"engine": engine})} | _methods_of_fit(problem))
    version = {} if estimates is None else {"version": str(estimates.facts.get("package_version", __version__))}
    fits = tuple(dict.fromkeys(problem.builds_on or built))
    return Usage(cohorts or (UsedCohort(problem.model),), tuple(_rows(problem)), fits, methods, **version)


def usage_of_facts(rows: Iterable[PlacedRow[EvidenceRow]]) -> Usage:
    """Of published facts beside the model: the sources of all rows, and the models and cohorts they are compared to."""
    placed = list(rows)
    named = {(each.row.model, each.row.cohort): each.path for each in placed if each.row.model}
    cohorts = tuple(
        UsedCohort.committed(Model.load(find_file(path_from(path, str(model)), "models")), cohort or None)
        for (model, cohort), path in named.items()
    )
    methods = frozenset({*methods_of({"engine": BATCH, "sampling": QUASI})})
    return Usage(cohorts, tuple((each.row.source, each.path.parent) for each in placed), methods=methods)


def _methods_of_fit(problem: FitProblem) -> set[str]:
    """A population is points of a Sobol sequence; a fit of the typical patient is searched by least squares."""
    by_gradient = problem.population is None and problem.facts is None
    return {*(LEAST_SQUARES if by_gradient else SOBOL), *(EVENTS if by_gradient and problem.model.events else ())}


def _rows(problem: FitProblem) -> list[tuple[str, Path]]:
    return [(target.row.source, problem.path.parent) for target in problem.fitted]


def _rows_of_fit(name: str, used: UsedCohort) -> list[tuple[str, Path]]:
    """The sources of the rows of a fit whose estimates are used; a warning if it is not found."""
    path = problem_behind(used.model, name, used.name or "")
    if path is None:
        warn(f"there is no fit '{name}' beside model '{used.model.name}'; the sources of its rows are left out")
        return []
    return _rows(FitProblem.load(path))


def _model_of(tree: xr.DataTree) -> Model:
    name = tree.attrs.get("model")
    if not name:
        message = f"does not say its model; give it as 'model' (--model FILE): it is {described(tree)}"
        raise InputError(Fault(message, name="result"))
    try:
        return Model.load(str(name))
    except InputError as error:
        message = f"is of model '{name}', which does not ship; give its file as 'model' (--model FILE)"
        raise InputError(Fault(message, name="result")) from error
