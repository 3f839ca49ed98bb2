"""The PEtab test suite and published problems in PEtab: where they are, and what others computed of them."""

import csv
from pathlib import Path

import numpy as np
import pytest

yaml = pytest.importorskip("yaml", reason="PEtab needs the extra sbml")
pytest.importorskip("libsbml", reason="PEtab needs the extra sbml")
pytest.importorskip("petab", reason="PEtab needs the extra sbml")

ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles"
SUITE = ORACLES / "petab"
CASES = sorted(SUITE.glob("v*/sbml/*/_[0-9][0-9][0-9][0-9].yaml"))
"""The YAML files of the cases of versions 1 and 2."""
BENCHMARK = {path.parent.name: path for path in sorted((ORACLES / "benchmark").glob("*/*.yaml"))}
needs_suite = pytest.mark.skipif(not CASES, reason=f"the PEtab test suite is not here: {SUITE}")
needs_benchmark = pytest.mark.skipif(not BENCHMARK, reason=f"the published problems are not here: {ORACLES}")


def rows_of(path, delimiter="\t"):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def solution_of(case):
    """What the suite says of a case: llh, chi2, tolerances, and the simulations in the order of the measurements."""
    solution = yaml.safe_load(case.with_name(f"{case.stem}_solution.yaml").read_text())
    simulations = [float(row["simulation"]) for row in rows_of(case.with_name("_simulations.tsv"))]
    return solution, np.array(simulations)
