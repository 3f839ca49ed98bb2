"""The file of a figure of evidence: which facts, by how many patients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow, Seed
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.published.evaluating import Evidence, evidence_path


class EvidenceHeaderRow(FigureHeaderRow):
    """``[figure]`` of evidence; without a file of facts the one that ships; ``fitted`` adds what fits have used."""

    evidence: Line | None = None
    patients: Annotated[StrictInt, Field(ge=2, le=65536)] = 256
    seed: Seed = 1
    fitted: StrictBool = False


@dataclass(frozen=True, eq=False)
class EvidenceSpec:
    """A figure of evidence that can be drawn: what the file says, its page, the file of facts, the path of its own."""

    header: EvidenceHeaderRow
    page: PageRow
    facts: Path
    path: Path = Path()

    @classmethod
    def of(cls, evaluated: Evidence) -> EvidenceSpec:
        """Without a file."""
        header = EvidenceHeaderRow(kind="evidence", patients=evaluated.patients, seed=evaluated.seed)
        return cls(header, PageRow(), evaluated.path, evaluated.path)


def read_evidence(document: Document) -> EvidenceSpec:
    """Check the file of a figure of evidence; an `InputError` has every fault of it."""
    reader = SpecReader(document)
    header, page = reader.table(EvidenceHeaderRow, "figure"), reader.page()
    named = None if header is None else header.evidence
    at = None if named is None else reader.path(named)
    facts = reader.read(lambda: evidence_path(at), "figure", "evidence")
    if header is None or facts is None or reader.faults:
        reader.refuse()
    return EvidenceSpec(header, page, facts, document.path)
