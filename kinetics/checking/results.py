"""The checks of what the program wrote: committed results of fits, and datasets."""

from __future__ import annotations

import warnings
from pathlib import Path

from kinetics import __version__
from kinetics.errors import Faults, InputError, warn


def check_fit_result(path: Path, faults: Faults) -> None:
    """A committed result belongs to the problem beside it, and is what a fit of it wrote."""
    from kinetics.cohorts.fit_results import in_model_units
    from kinetics.estimate import Estimates, FitProblem
    from kinetics.files.documents import read_document

    estimates, document = Estimates.read(path), read_document(path)
    problem_path = path.with_name(path.name.replace(".result.toml", ".toml"))
    if problem_path == path or not problem_path.is_file():
        raise InputError(f"there is no fit problem {problem_path.name} beside it")
    problem = FitProblem.load(problem_path)
    if sorted(estimates.names) != sorted(free.name for free in problem.free):
        raise InputError(f"its estimates are not the free parameters of {problem_path.name}; run 'kinetics fit --save'")
    values = in_model_units(problem.model, estimates.rows, document)
    for name, message in problem.outside_bounds(values).items():
        faults.add(message, document.where("estimates", name), f"estimates.{name}.value")
    if stale := problem.outdated(estimates.facts):
        warn(f"{path}: older than its {' and its '.join(stale)}; run 'kinetics fit --save'")


def check_discrepancy(path: Path, _: Faults) -> None:
    """A discrepancy belongs to the committed result beside it, and is what a cross-validation of it wrote."""
    from kinetics.crossvalidation.discrepancy_file import SUFFIX, discrepancy_of, read_discrepancy
    from kinetics.estimate import Estimates

    result = path.with_name(path.name.removesuffix(SUFFIX) + ".result.toml")
    if result.is_file():
        discrepancy_of(Estimates.read(result), path)
    else:
        read_discrepancy(path)
        raise InputError(f"there is no committed result {result.name} beside it")


def check_dataset(path: Path, faults: Faults) -> tuple[str, ...]:
    """A result holds what was written, every unit in it can be read, and the estimates of a fit are such.

    A note says so if another program or another version wrote it.
    """
    from kinetics.estimate import Estimates
    from kinetics.files.checksums import ChecksumWarning
    from kinetics.result_kinds import described
    from kinetics.results import read_result
    from kinetics.units import parse_unit

    with warnings.catch_warnings(action="error", category=ChecksumWarning):
        try:
            tree = read_result(path)
        except ChecksumWarning as warning:
            raise InputError(str(warning).removeprefix(f"{path}: ")) from None
    if path.is_dir():
        from kinetics.files.checksums import damaged_files

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
    own = (tree.attrs.get("package"), tree.attrs.get("package_version")) == ("lymphokinetics", __version__)
    return () if own else (f"is {described(tree)}",)
