"""The problem of a fit as one of PEtab 2."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kinetics.errors import Fault, InputError, warn
from kinetics.estimate.agreement import current_result
from kinetics.estimate.problem.problem import FitProblem
from kinetics.exports.dosing.additions import Additions
from kinetics.exports.formats.sbml import sbml_text
from kinetics.exports.petab.arms import arms_of, experiment_rows
from kinetics.exports.petab.rows import Observed, parameter_rows
from kinetics.exports.petab.tables import EXTENSION, PetabTables
from kinetics.files.bibliography import Source
from kinetics.published import TypicalTarget
from kinetics.text.lists import listed


def petab_text(problem: FitProblem, sources: Mapping[str, Source], folder: str | Path) -> str:
    """Write the problem of a fit of the typical patient into a folder; the text of its YAML file.

    Nominal values are the committed estimates, or where searches start if there are no current ones.

    Raises
    ------
    InputError
        If PEtab has no form for any of its rows, for its standard deviations, or for its regimens.

    Warns
    -----
    UserWarning
        For rows of which PEtab has no likelihood.
    """
    targets = _fitted(problem)
    parts = Additions(problem.model)
    arms = arms_of(problem, targets, parts)
    observed = Observed.of(arms, parts)
    if not observed.measurements:
        said = "no row is a value of an output at a time, and PEtab has no likelihood of other rows"
        raise InputError(Fault(said, str(problem.path), problem.name))
    nominal = _nominal(problem)
    experiments, conditions = experiment_rows(arms)
    tables = PetabTables(
        name=problem.name,
        model=sbml_text(parts.built({**arms.values, **nominal}), sources),
        parameters=parameter_rows(problem.free, nominal),
        observables=observed.observables,
        conditions=conditions,
        experiments=experiments,
        measurements=observed.measurements,
        beside=observed.beside,
    )
    text = tables.write(folder)
    if observed.beside:
        names = listed([str(row["name"]) for row in observed.beside], 10)
        warn(f"PEtab has no likelihood of these rows, which are in {EXTENSION}.tsv alone: {names}")
    return text


def _fitted(problem: FitProblem) -> list[TypicalTarget]:
    """The rows that are fitted, all of a typical patient."""
    reason = ""
    if problem.population is not None or problem.facts is not None:
        reason = "its rows are summaries of a population, and PEtab has no likelihood of such"
    elif problem.study_effects:
        reason = "it estimates how studies differ, and PEtab has no effects between studies"
    if reason:
        raise InputError(Fault(reason, str(problem.path), problem.name))
    return [target for target in problem.fitted if isinstance(target, TypicalTarget)]


def _nominal(problem: FitProblem) -> dict[str, float]:
    found = current_result(problem)
    starts = {one.flat: one.start for one in problem.free}
    return starts if found is None else {**starts, **found.by_flat_name(problem.model)}
