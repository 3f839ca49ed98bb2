"""Every published fact beside what the models say of it."""

from kinetics.published.facts.asking import read_questions
from kinetics.published.facts.outcome import Evaluated, Outcome, Tally, evaluate_evidence
from kinetics.published.facts.question import Fact
from kinetics.published.facts.reading import is_evidence, read_evidence
from kinetics.published.facts.row import SHARE, EvidenceRow, PlacedFact

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
