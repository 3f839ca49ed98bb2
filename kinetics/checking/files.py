"""The check of each kind of file: the loader that reads it for work, and what only a check looks at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinetics.checking.library_files import check_model, check_regimen, check_visits
from kinetics.checking.patients import check_clinic, check_patients
from kinetics.checking.results import check_dataset, check_discrepancy, check_fit_result
from kinetics.errors import Faults


def check_file(path: Path, kind: str, faults: Faults, *, allow_large: bool = False) -> tuple[str, ...]:
    """Note every fault of a file of a kind of `CHECKS`, or of patients; what else a reader must know is returned."""
    if kind in OF_PATIENTS:
        return OF_PATIENTS[kind](path, faults, allow_large)
    with faults.gather(str(path)):
        return CHECKS[kind](path, faults) or ()
    return ()


def _check_fit(path: Path, _: Faults) -> tuple[str, ...]:
    """Its notes say which rows are after a later course, as a publication may count from that."""
    from kinetics.estimate import FitProblem
    from kinetics.estimate.fit_warnings import time_notes

    return time_notes(FitProblem.load(path).targets)


def _check_figure(path: Path, _: Faults) -> None:
    from kinetics.figures import read_figure

    read_figure(path)


def _check_comparison(path: Path, _: Faults) -> None:
    from kinetics.comparison import read_comparison

    read_comparison(path)


def _check_plan(path: Path, _: Faults) -> None:
    from kinetics.reproduction.plan import read_plan

    read_plan(path)


def _check_table(path: Path, faults: Faults) -> None:
    from kinetics.files.tables import read_table
    from kinetics.published import PublishedRow, check_units

    check_units(read_table(path, PublishedRow, faults), faults)


def _check_evidence(path: Path, faults: Faults) -> None:
    from kinetics.files.tables import read_table
    from kinetics.published import EvidenceRow, read_facts

    read_facts(read_table(path, EvidenceRow, faults), faults)


def _check_sbml(path: Path, _: Faults) -> tuple[str, ...]:
    """Its notes say what a model file of it lacks."""
    from kinetics.interop.sbml import import_sbml

    return import_sbml(path).messages


def _check_petab(path: Path, _: Faults) -> None:
    from kinetics.interop.petab.fitting import read_petab

    read_petab(path)


def _check_bibliography(path: Path, faults: Faults) -> None:
    from kinetics.files.bibliography import check_bibliography

    check_bibliography(path, faults)


OF_PATIENTS = {"patients": check_patients, "clinic": check_clinic}
"""Kinds whose tables may be large."""
CHECKS: dict[str, Callable[[Path, Faults], tuple[str, ...] | None]] = {
    "model": check_model,
    "regimen": check_regimen,
    "visits": check_visits,
    "fit": _check_fit,
    "figure": _check_figure,
    "comparison": _check_comparison,
    "reproduce": _check_plan,
    "result": check_fit_result,
    "discrepancy": check_discrepancy,
    "table": _check_table,
    "evidence": _check_evidence,
    "dataset": check_dataset,
    "sbml": _check_sbml,
    "petab": _check_petab,
    "bibliography": _check_bibliography,
}
"""By the kinds of `kinetics.files.kinds`; some return notes."""
