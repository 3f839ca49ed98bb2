"""Published numbers, and what a model says of them: rows of tables, targets of fits, facts of the evidence."""

from kinetics.published.arm import Arm
from kinetics.published.fact_verdicts import AgreementCount, Evaluated, evaluate_evidence
from kinetics.published.facts import PublishedFact, read_facts
from kinetics.published.population_target import PopulationTarget, population_target
from kinetics.published.row import NORMAL_95, SHARE, EvidenceRow, PublishedRow
from kinetics.published.table_units import check_units
from kinetics.published.target import RowInFit, Target
from kinetics.published.typical_target import TypicalTarget, typical_target
from kinetics.published.verdict import Verdict

__all__ = [
    "NORMAL_95",
    "SHARE",
    "AgreementCount",
    "Arm",
    "Evaluated",
    "EvidenceRow",
    "PopulationTarget",
    "PublishedFact",
    "PublishedRow",
    "RowInFit",
    "Target",
    "TypicalTarget",
    "Verdict",
    "check_units",
    "evaluate_evidence",
    "population_target",
    "read_facts",
    "typical_target",
]
