"""The checks of models, and of the regimens and visits that are given to them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kinetics.errors import Faults
from kinetics.text.suggestions import did_you_mean


def check_model(path: Path, faults: Faults) -> None:
    """A model can be read, results can name its quantities, and each cohort has all its values."""
    from kinetics.cohorts.cohort import cohort_parameters
    from kinetics.expressions.reserved import check_names
    from kinetics.model import Model

    model = Model.load(path)
    with faults.gather():
        check_names({**model.outputs, **model.states})
    for name, row in model.cohorts.items():
        with faults.gather(row.where, f"cohorts.{name}"):
            cohort_parameters(model, name)


def check_regimen(path: Path, faults: Faults) -> None:
    """A regimen can be read; one that ships gives drugs that models have."""
    from kinetics.regimen import Regimen

    regimen = Regimen.load(path)
    _check_known(path, "doses", [item.drug for item in (*regimen.doses, *regimen.rules)], faults)
    _check_known(path, "outputs", [rule.output for rule in regimen.rules], faults)


def check_visits(path: Path, faults: Faults) -> None:
    """A schedule can be read; one that ships measures outputs that models have."""
    from kinetics.observation import VisitSchedule

    _check_known(path, "outputs", [name for row in VisitSchedule.load(path).series for name in row.outputs], faults)


def _check_known(path: Path, table: str, names: Iterable[str], faults: Faults) -> None:
    """Names in a file that ships belong to a model that ships; which models other files are for is not known."""
    from kinetics.files.documents import read_document
    from kinetics.files.library import find_file, library_folder, library_names

    if not path.resolve().is_relative_to(library_folder("models").resolve()):
        return
    models = (read_document(find_file(name, "models")).data for name in library_names("models"))
    known = {name for model in models for name in model.get(table, ())}
    for name in dict.fromkeys(names):
        if name not in known:
            hint = did_you_mean(name, known)
            faults.add(f"no model that ships has '{name}' among its {table}{hint}", str(path))
