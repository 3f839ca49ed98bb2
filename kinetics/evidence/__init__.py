"""Every published fact beside what the models say of it."""

from kinetics.evidence.asking import read_questions
from kinetics.evidence.outcome import Evaluated, Outcome, Tally, evaluate_evidence
from kinetics.evidence.question import Fact
from kinetics.evidence.reading import is_evidence, read_evidence
from kinetics.evidence.row import SHARE, EvidenceRow, PlacedFact

__all__ = [
    "SHARE",
    "Evaluated",
    "EvidenceRow",
    "Fact",
    "Outcome",
    "PlacedFact",
    "Tally",
    "evaluate_evidence",
    "is_evidence",
    "read_evidence",
    "read_questions",
]
