"""Published numbers, and what a model says of them: rows of tables, targets of fits, facts of the evidence."""

from kinetics.published.arm import Arm
from kinetics.published.evidence_row import EvidenceRow
from kinetics.published.fact_verdicts import AgreementCount, Evaluated, evaluate_evidence, simulated_patients
from kinetics.published.facts import PublishedFact, read_facts
from kinetics.published.moment_target import ArmMoments, MomentTarget, arms_of_moments, moment_target
from kinetics.published.population_target import PopulationTarget, population_target
from kinetics.published.row import NORMAL_95, PublishedRow
from kinetics.published.table_units import check_units
from kinetics.published.target import RowInFit, Target
from kinetics.published.typical_target import TypicalTarget, typical_target
from kinetics.published.verdict import NOT_COUNTED, Finding, Verdict

__all__ = [
    "NORMAL_95",
    "NOT_COUNTED",
    "AgreementCount",
    "Arm",
    "ArmMoments",
    "Evaluated",
    "EvidenceRow",
    "Finding",
    "MomentTarget",
    "PopulationTarget",
    "PublishedFact",
    "PublishedRow",
    "RowInFit",
    "Target",
    "TypicalTarget",
    "Verdict",
    "arms_of_moments",
    "check_units",
    "evaluate_evidence",
    "moment_target",
    "population_target",
    "read_facts",
    "simulated_patients",
    "typical_target",
]
