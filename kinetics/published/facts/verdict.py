"""Every fact beside what the model says, and how many agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinetics.population.seeds import checked_seed
from kinetics.published.facts.numbers import answer, needed_times
from kinetics.published.facts.patients import simulated
from kinetics.published.facts.question import PublishedFact, Question
from kinetics.published.facts.row import SHARE, EvidenceRow, PlacedFact

__all__ = ["Evaluated", "Tally", "Verdict", "evaluate_evidence"]

Group = Literal["numeric", "input", "direction", "told", "unverified"]


@dataclass(frozen=True)
class Verdict:
    """A fact beside the model.

    Parameters
    ----------
    placed : PlacedFact
        The row and where it stands.
    model : float or None
        The model's number, in the row's unit; of a direction with ``versus`` in the model's. None if none is asked.
    versus : float or None
        The number that a direction is compared with, in the same unit.
    exploratory : bool
        Whether the model's number is of an output that it calls exploratory.
    """

    placed: PlacedFact
    model: float | None = None
    versus: float | None = None
    exploratory: bool = False

    @property
    def row(self) -> EvidenceRow:
        """The row."""
        return self.placed.row

    @property
    def group(self) -> Group:
        """Where it is listed; what nobody verified is counted nowhere, what the model was given is counted apart."""
        if not self.row.is_verified:
            return "unverified"
        if self.row.kind == "told":
            return "told"
        if self.row.is_direction:
            return "direction"
        return "input" if self.row.use == "input" else "numeric"

    @property
    def agrees(self) -> bool | None:
        """Whether the model's number is inside, or the direction is the published one; None if nothing is asked."""
        if self.model is None:
            return None
        if math.isnan(self.model):
            return False
        lower, upper = self.bounds
        if self.row.relation in ("above", "below"):
            return lower < self.model < upper
        return lower <= self.model <= upper

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which the model's number agrees, in its unit."""
        if not self.row.is_direction:
            return self.row.interval
        factor = 1.0 if self.row.value is None else self.row.value
        goal = factor if self.row.versus is None else factor * (math.nan if self.versus is None else self.versus)
        if self.row.relation == "above":
            return goal, math.inf
        return (-math.inf, goal) if self.row.relation == "below" else (goal * (1 - SHARE), goal * (1 + SHARE))


@dataclass(frozen=True)
class Tally:
    """How many of how many agree.

    Examples
    --------
    >>> str(Tally(8, 10))
    '8 of 10 (80 %)'
    """

    inside: int
    total: int

    def __str__(self) -> str:
        percent = f" ({100 * self.inside / self.total:.0f} %)" if self.total else ""
        return f"{self.inside} of {self.total}{percent}"


@dataclass(frozen=True)
class Evaluated:
    """All facts.

    Parameters
    ----------
    outcomes : tuple of Verdict
        In the order of the file.
    patients, seed : int
        How many virtual patients stood for each cohort, and of which study.
    """

    outcomes: tuple[Verdict, ...]
    patients: int
    seed: int

    def of(self, group: Group, *, agrees: bool | None = None) -> list[Verdict]:
        """The outcomes of a group; only those that agree, or do not, if asked."""
        chosen = [each for each in self.outcomes if each.group == group]
        return chosen if agrees is None else [each for each in chosen if each.agrees is agrees]

    def tally(self, group: Group = "numeric", use: str | None = None) -> Tally:
        """How many agree, of one use if asked."""
        chosen = [each for each in self.of(group) if use in (None, each.row.use)]
        return Tally(sum(bool(each.agrees) for each in chosen), len(chosen))


def evaluate_evidence(
    facts: Sequence[PublishedFact],
    patients: int = 256,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluated:
    """Ask the model for every fact; facts of one model, cohort, regimen and settings share one simulation.

    Parameters
    ----------
    facts : sequence of PublishedFact
        Of `read_questions`.
    patients : int
        Virtual patients of each cohort, points of a Sobol sequence: best a power of 2.
    seed : int
        The study they belong to.
    progress : callable, optional
        Called with (patients done, all).

    Raises
    ------
    InputError
        If visits do not suffice for a fact, or a cohort cannot be drawn.
    IntegrationError
        If more than a twentieth of the patients of an arm cannot be integrated.
    """
    seed = checked_seed(seed)
    arms: dict[tuple, list[Question]] = {}
    for question in (each for fact in facts for each in fact.questions if each.row.simulated):
        arms.setdefault(question.arm, []).append(question)
    answers: dict[int, float] = {}
    total = (patients + 1) * len(arms)
    for number, questions in enumerate(arms.values()):
        times = np.unique(np.concatenate([needed_times(each) for each in questions]))
        before = number * (patients + 1)
        # one instant at least after 0, or there is nothing to integrate
        times = times if times.size > 1 else np.append(times, 1.0)
        people = simulated(questions, times, patients, seed, _continued(progress, before, total))
        answers |= {id(each): answer(each, people) for each in questions}
    for question in (each for fact in facts for each in fact.questions if not each.row.simulated):
        answers[id(question)] = answer(question, None)
    return Evaluated(tuple(_outcome(fact, answers) for fact in facts), patients, seed)


def _continued(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, _: progress(before + done, total)


def _outcome(fact: PublishedFact, answers: dict[int, float]) -> Verdict:
    """A direction with ``versus`` stays in the model's unit, and the other side is brought to it."""
    if fact.question is None:
        return Verdict(fact.placed)
    own = answers[id(fact.question)]
    if fact.versus is None:
        return Verdict(fact.placed, own * fact.factor, exploratory=fact.exploratory)
    return Verdict(fact.placed, own, answers[id(fact.versus)] * fact.factor, fact.exploratory)
