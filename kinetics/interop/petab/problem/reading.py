"""A PEtab problem from its YAML file: read within limits, then checked by the program of PEtab itself."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import Faults
from kinetics.interop.petab.problem.documents import read_document
from kinetics.interop.petab.problem.problem import PetabProblem
from kinetics.interop.petab.problem.version1 import read_problem_1
from kinetics.interop.petab.problem.version2 import read_problem_2

_READERS = {"1": read_problem_1, "1.0.0": read_problem_1, "2": read_problem_2, "2.0.0": read_problem_2}


def read_problem(path: str | Path) -> PetabProblem:
    """Read the tables of a problem; the model and what formulas name are not looked at yet.

    Raises
    ------
    InputError
        With every fault of the YAML file and of the tables.
    """
    document, faults = read_document(Path(path)), Faults()
    version = str(document.content.get("format_version"))
    if version not in _READERS:
        faults.add(f"must be 1 or 2.0.0; found '{version:.40}'", document.where("format_version"), "format_version")
        faults.raise_if_any()
    problem = _READERS[version](document, faults)
    faults.raise_if_any()
    assert problem is not None
    return problem
