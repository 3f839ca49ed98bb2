"""A whole file of facts beside what models say, and how many agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.files.arguments import Progress
from kinetics.population.seeds import checked_seed
from kinetics.published.arm import Arm
from kinetics.published.facts import PublishedFact
from kinetics.published.kinds import Quantity
from kinetics.published.patients import Patients
from kinetics.published.verdict import Finding, Group, Verdict, findings_of
from kinetics.simulation.progress import ProgressOfParts


@dataclass(frozen=True)
class AgreementCount:
    """How many findings of how many agree; of ``unknown`` ones nobody can say, and they count as not agreeing.

    Examples
    --------
    >>> str(AgreementCount(8, 10)), str(AgreementCount(8, 10, 1))
    ('8 of 10 (80 %)', '8 of 10 (80 %), 1 without n and interval')
    """

    inside: int
    total: int
    unknown: int = 0

    def __str__(self) -> str:
        percent = f" ({100 * self.inside / self.total:.0f} %)" if self.total else ""
        unknown = f", {self.unknown} without n and interval" if self.unknown else ""
        return f"{self.inside} of {self.total}{percent}{unknown}"


@dataclass(frozen=True)
class Evaluated:
    """All facts, in the order of the file, and number and seed of the virtual patients of each cohort."""

    verdicts: tuple[Verdict, ...]
    patients: int
    seed: int

    def of(self, group: Group) -> list[Verdict]:
        """The verdicts of a group."""
        return [each for each in self.verdicts if each.group == group]

    def findings(self, group: Group = "numeric", *, in_fit: bool = False) -> list[Finding]:
        """The findings of a group that were used in a fit, or never."""
        return [each for each in findings_of(self.of(group)) if each.in_fit is in_fit]

    def agreement_count(self, group: Group = "numeric", *, in_fit: bool = False) -> AgreementCount:
        """How many of these findings agree."""
        agree = [each.agrees for each in self.findings(group, in_fit=in_fit)]
        return AgreementCount(agree.count(True), len(agree), agree.count(None))


def evaluate_evidence(
    facts: Sequence[PublishedFact], patients: int = 256, seed: int = 1, progress: Progress | None = None
) -> Evaluated:
    """Ask the model for every fact; facts of one model, cohort, regimen and settings share one simulation.

    ``patients`` virtual patients, points of a Sobol sequence scrambled by ``seed``, stand for each cohort; ``progress``
    is called with (patients done, all).

    Raises
    ------
    InputError
        If visits do not suffice for a fact, or a cohort cannot be drawn.
    IntegrationError
        If more than a twentieth of the patients of an arm cannot be integrated.
    """
    seed = checked_seed(seed)
    arms: dict[tuple, list[Quantity]] = defaultdict(list)
    answers: dict[Quantity, float] = {}
    studies: dict[Quantity, tuple[float, float]] = {}
    for quantity in (each for fact in facts for each in fact.quantities):
        if quantity.simulated:
            arms[quantity.arm.key].append(quantity)
        else:
            answers[quantity] = quantity.answer()
    runs = patients + 1  # with the typical patient
    steps = ProgressOfParts(progress, len(arms) * runs)
    for quantities in arms.values():
        simulated = simulated_patients(quantities, quantities[0].arm, patients, seed, steps.next(runs))
        answers |= {quantity: quantity.answer(simulated) for quantity in quantities}
        studies |= {each: each.studies(simulated, each.row.n or 0) for each in quantities if each.row.needs_studies}
    return Evaluated(tuple(_verdict(fact, answers, studies) for fact in facts), patients, seed)


def simulated_patients(
    quantities: Sequence[Quantity], arm: Arm, patients: int, seed: int, progress: Progress | None = None
) -> Patients:
    """The patients of an arm, at all times that some quantities need."""
    times = np.unique(np.concatenate([[0.0], *(each.times() for each in quantities)]))
    # one instant at least after 0, or there is nothing to integrate
    times = times if times.size > 1 else np.append(times, 1.0)
    with_states = any(name in arm.model.states for each in quantities for name in each.outputs)
    return arm.simulate(times, patients, seed, with_states=with_states, progress=progress)


def _verdict(
    fact: PublishedFact, answers: dict[Quantity, float], studies: dict[Quantity, tuple[float, float]]
) -> Verdict:
    """A direction with ``versus`` stays in the model's unit, and the other side is brought to it."""
    if fact.quantity is None:
        return Verdict(fact.placed)
    own, ends = answers[fact.quantity], studies.get(fact.quantity)
    if fact.versus is not None:
        other = answers[fact.versus] * fact.factor
        return Verdict(fact.placed, own, other, fact.exploratory, not_counted=fact.not_counted)
    in_unit = None if ends is None else (ends[0] * fact.factor, ends[1] * fact.factor)
    return Verdict(fact.placed, own * fact.factor, None, fact.exploratory, in_unit, fact.not_counted)
