"""Every published fact beside what the models say of it."""

from kinetics.published.facts.asking import read_questions
from kinetics.published.facts.question import PublishedFact
from kinetics.published.facts.reading import is_evidence, read_evidence
from kinetics.published.facts.row import SHARE, EvidenceRow, PlacedFact
from kinetics.published.facts.verdict import Evaluated, Tally, Verdict, evaluate_evidence

__all__ = [
    "SHARE",
    "Evaluated",
    "EvidenceRow",
    "PlacedFact",
    "PublishedFact",
    "Tally",
    "Verdict",
    "evaluate_evidence",
    "is_evidence",
    "read_evidence",
    "read_questions",
]
