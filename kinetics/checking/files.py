"""The check of each kind of file: the loader that reads it for work, and what only a check looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kinetics.errors import Faults, InputError

__all__ = ["lint"]


def lint(kind: str, path: Path, faults: Faults) -> None:
    """Note every fault of a file.

    Parameters
    ----------
    kind : str
        From `kinetics.checking.kinds`.
    path : pathlib.Path
        The file.
    faults : Faults
        Where they are noted.
    """
    with faults.gather(str(path)):
        _CHECKS[kind](path, faults)


def _model(path: Path, faults: Faults) -> None:
    from kinetics.cohorts.cohort import cohort_parameters
    from kinetics.expressions.reserved import check_names
    from kinetics.model import Model

    model = Model.load(path)
    with faults.gather():
        check_names({**model.outputs, **model.states})
    for name, row in model.cohorts.items():
        with faults.gather(row.where, f"cohorts.{name}"):
            cohort_parameters(model, name)


def _regimen(path: Path, faults: Faults) -> None:
    from kinetics.regimen import Regimen

    regimen = Regimen.load(path)
    _check_known(path, "doses", [item.drug for item in (*regimen.doses, *regimen.rules)], faults)
    _check_known(path, "outputs", [rule.output for rule in regimen.rules], faults)


def _visits(path: Path, faults: Faults) -> None:
    from kinetics.observation import VisitSchedule

    _check_known(path, "outputs", [name for row in VisitSchedule.load(path).series for name in row.outputs], faults)


def _check_known(path: Path, table: str, names: Iterable[str], faults: Faults) -> None:
    """Names in a file that ships belong to a model that ships; of others no one knows which models they are for."""
    from kinetics.files.documents import read_document
    from kinetics.files.library import find_file, library_folder, library_names

    if not path.resolve().is_relative_to(library_folder("models").resolve()):
        return
    models = (read_document(find_file(name, "models")).data for name in library_names("models"))
    known = {name for model in models for name in model.get(table, ())}
    for name in dict.fromkeys(names):
        if name not in known:
            faults.add(f"no model that ships has '{name}' among its {table}", str(path))


def _fit(path: Path, _: Faults) -> None:
    from kinetics.estimate import FitProblem

    FitProblem.load(path)


def _figure(path: Path, _: Faults) -> None:
    from kinetics.figures import read_figure

    read_figure(path)


def _comparison(path: Path, _: Faults) -> None:
    from kinetics.comparison import read_comparison

    read_comparison(path)


def _reproduce(path: Path, _: Faults) -> None:
    from kinetics.reproduction.plan import read_plan

    read_plan(path)


def _result(path: Path, faults: Faults) -> None:
    """A committed result belongs to the problem beside it, and is what a fit of it wrote."""
    import warnings

    from kinetics.cohorts.fit_results import in_model_units
    from kinetics.estimate import Estimates, FitProblem
    from kinetics.estimate.problem.currency import outdated, outside_bounds
    from kinetics.files.documents import read_document

    estimates, document = Estimates.read(path), read_document(path)
    problem_path = path.with_name(path.name.replace(".result.toml", ".toml"))
    if problem_path == path or not problem_path.is_file():
        raise InputError(f"there is no fit problem {problem_path.name} beside it")
    problem = FitProblem.load(problem_path)
    if sorted(estimates.names) != sorted(free.name for free in problem.free):
        raise InputError(f"its estimates are not the free parameters of {problem_path.name}; run 'kinetics fit --save'")
    values = in_model_units(problem.model, estimates.rows, document)
    for name, message in outside_bounds(values, problem):
        faults.add(message, document.where("estimates", name), f"estimates.{name}.value")
    if stale := outdated(estimates.facts, problem):
        warnings.warn(f"{path}: older than its {' and its '.join(stale)}; run 'kinetics fit --save'", stacklevel=1)


def _table(path: Path, faults: Faults) -> None:
    from kinetics.files.tables import read_table
    from kinetics.published import PublishedRow, check_units

    check_units(read_table(path, PublishedRow, faults), faults)


def _evidence(path: Path, faults: Faults) -> None:
    from kinetics.files.tables import read_table
    from kinetics.published import EvidenceRow, read_facts

    read_facts(read_table(path, EvidenceRow, faults), faults)


def _dataset(path: Path, faults: Faults) -> None:
    """A result holds what was written, every unit in it can be read, and the estimates of a fit are such."""
    import warnings

    from kinetics.estimate import Estimates
    from kinetics.files.checksums import ChecksumWarning
    from kinetics.results import read_result
    from kinetics.units import parse_unit

    with warnings.catch_warnings(action="error", category=ChecksumWarning):
        try:
            tree = read_result(path)
        except ChecksumWarning as warning:
            raise InputError(str(warning).removeprefix(f"{path}: ")) from None
    if path.is_dir():
        from kinetics.files.seal import damaged_files

        for name in damaged_files(path):
            faults.add("damaged, or edited since it was written: not what its checksum is of", str(path), name)
    for group in tree.subtree:
        for name, array in group.variables.items():
            units = [array.attrs["units"]] if "units" in array.attrs else []
            for text in dict.fromkeys(map(str, [*units, *(array.values.flat if name == "unit" else ())])):
                with faults.gather(str(path), f"{group.path}:{name}"):
                    parse_unit(text)
    if "estimates" in tree.children:
        with faults.gather(str(path), "/estimates"):
            Estimates.from_tree(tree)


def _bibliography(path: Path, faults: Faults) -> None:
    from kinetics.files.bibliography import check_bibliography

    check_bibliography(path, faults)


_CHECKS: dict[str, Callable[[Path, Faults], None]] = {
    "model": _model,
    "regimen": _regimen,
    "visits": _visits,
    "fit": _fit,
    "figure": _figure,
    "comparison": _comparison,
    "reproduce": _reproduce,
    "result": _result,
    "table": _table,
    "evidence": _evidence,
    "dataset": _dataset,
    "bibliography": _bibliography,
}
