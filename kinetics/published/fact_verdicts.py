"""A whole file of facts beside what models say, and how many agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.files.arguments import Progress
from kinetics.population.seeds import checked_seed
from kinetics.published.facts import PublishedFact
from kinetics.published.kinds import Quantity
from kinetics.published.patients import Patients
from kinetics.published.verdict import Group, Verdict
from kinetics.simulation.progress import ProgressOfParts


@dataclass(frozen=True)
class AgreementCount:
    """How many of how many agree.

    Examples
    --------
    >>> str(AgreementCount(8, 10))
    '8 of 10 (80 %)'
    """

    inside: int
    total: int

    def __str__(self) -> str:
        percent = f" ({100 * self.inside / self.total:.0f} %)" if self.total else ""
        return f"{self.inside} of {self.total}{percent}"


@dataclass(frozen=True)
class Evaluated:
    """All facts, in the order of the file, and number and seed of the virtual patients of each cohort."""

    verdicts: tuple[Verdict, ...]
    patients: int
    seed: int

    def of(self, group: Group, *, agrees: bool | None = None) -> list[Verdict]:
        """The verdicts of a group; only those that agree, or do not, if asked."""
        chosen = [each for each in self.verdicts if each.group == group]
        return chosen if agrees is None else [each for each in chosen if each.agrees is agrees]

    def agreement_count(self, group: Group = "numeric", use: str | None = None) -> AgreementCount:
        """How many agree, of one use if asked."""
        chosen = [each for each in self.of(group) if use in (None, each.row.use)]
        return AgreementCount(sum(bool(each.agrees) for each in chosen), len(chosen))


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
    for quantity in (each for fact in facts for each in fact.quantities):
        if quantity.simulated:
            arms[quantity.arm.key].append(quantity)
        else:
            answers[quantity] = quantity.answer()
    runs = patients + 1  # with the typical patient
    steps = ProgressOfParts(progress, len(arms) * runs)
    for quantities in arms.values():
        simulated = _simulate(quantities, patients, seed, steps.next(runs))
        answers |= {quantity: quantity.answer(simulated) for quantity in quantities}
    return Evaluated(tuple(_verdict(fact, answers) for fact in facts), patients, seed)


def _simulate(quantities: Sequence[Quantity], patients: int, seed: int, progress: Progress | None) -> Patients:
    """The patients of one arm, at all times that its quantities need."""
    arm = quantities[0].arm
    times = np.unique(np.concatenate([[0.0], *(each.times() for each in quantities)]))
    # one instant at least after 0, or there is nothing to integrate
    times = times if times.size > 1 else np.append(times, 1.0)
    with_states = any(name in arm.model.states for each in quantities for name in each.outputs)
    return arm.simulate(times, patients, seed, with_states=with_states, progress=progress)


def _verdict(fact: PublishedFact, answers: dict[Quantity, float]) -> Verdict:
    """A direction with ``versus`` stays in the model's unit, and the other side is brought to it."""
    if fact.quantity is None:
        return Verdict(fact.placed)
    own = answers[fact.quantity]
    if fact.versus is None:
        return Verdict(fact.placed, own * fact.factor, exploratory=fact.exploratory)
    return Verdict(fact.placed, own, answers[fact.versus] * fact.factor, fact.exploratory)
