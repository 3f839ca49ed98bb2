"""`evidence`: every published fact of a file beside the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kinetics.errors import Faults, UnknownNameError
from kinetics.files.arguments import Progress, loaded, whole_number
from kinetics.files.kinds import is_path
from kinetics.files.library import library_folder, similar_name
from kinetics.files.tables import read_table
from kinetics.published.evidence_row import EvidenceRow
from kinetics.published.fact_verdicts import AgreementCount, Evaluated, evaluate_evidence
from kinetics.published.facts import read_facts
from kinetics.results import Drawable
from kinetics.text.tables import html_table

NEVER_FITTED = "independent findings never used in a fit"
"""The label of the count that comes first."""


@dataclass(frozen=True, repr=False)
class Evidence(Evaluated, Drawable):
    """Every published fact of a file beside the model.

    Parameters
    ----------
    path : pathlib.Path
        The file; other parameters are those of `Evaluated`.
    """

    path: Path

    def __repr__(self) -> str:
        return f"<Evidence of {self.path.name}: {NEVER_FITTED}: {self.agreement_count()}>"

    def _repr_html_(self) -> str:
        rows = [[label, str(count)] for label, count in agreement_counts(self)]
        return html_table(f"{self.path.name}, {self.patients} virtual patients", ["rows", "agree"], rows)


def agreement_counts(evaluated: Evaluated) -> list[tuple[str, AgreementCount]]:
    """How many findings agree, with a label, those never used in a fit first; of others only those that there are."""
    counts = [
        (NEVER_FITTED, evaluated.agreement_count()),
        ("findings used in a fit", evaluated.agreement_count(in_fit=True)),
        ("directions never used in a fit", evaluated.agreement_count("direction")),
        ("directions used in a fit", evaluated.agreement_count("direction", in_fit=True)),
    ]
    return [(label, count) for label, count in counts if count.total or label == NEVER_FITTED]


def evidence_path(file: str | Path | None = None) -> Path:
    """The path of a file of facts: itself, or that of a name of the library; without any, of the one that ships.

    An `UnknownNameError` if the library has no such table.
    """
    if file is not None and is_path(file):
        return Path(file)
    tables = {path.stem: path for path in sorted(library_folder("fits").glob("*.csv"))}
    name = str(file or "evidence")
    if name not in tables:
        hint = similar_name(name, [*tables]) or f"; there are {', '.join(tables)}"
        raise UnknownNameError(f"no '{name}' in fits{hint}")
    return tables[name]


def evidence(
    file: str | Path | None = None,
    *,
    patients: int = 256,
    seed: int = 1,
    progress: Progress | None = None,
) -> Evidence:
    """Set every published fact beside the model: inside or outside its interval, and which direction.

    Parameters
    ----------
    file : str or pathlib.Path, optional
        The path of a CSV file of facts, or its name in the library; without it ``fits/evidence.csv`` that ships.
    patients : int
        Virtual patients of each cohort, points of a Sobol sequence: best a power of 2.
    seed : int
        Seed of the random numbers; 1 as for the table in ``docs/evidence.md``.
    progress : callable, optional
        Called with (patients done, all).

    Returns
    -------
    Evidence
        The facts in the order of the file; each number of the model is in the unit of its row.

    Raises
    ------
    InputError
        With every fault of the file, or if visits do not suffice for a fact, or a cohort cannot be drawn.
    IntegrationError
        If more than a twentieth of the patients of an arm cannot be integrated.

    Examples
    --------
    >>> facts = evidence(patients=64)  # doctest: +SKIP
    """
    patients = whole_number("patients", patients, 2)
    faults = Faults()
    path = evidence_path() if file is None else loaded("file", file, Path, evidence_path)
    facts = read_facts(read_table(path, EvidenceRow, faults), faults)
    faults.raise_if_any()
    return Evidence(**vars(evaluate_evidence(facts, patients, seed, progress)), path=path)
