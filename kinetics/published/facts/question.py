"""What a fact asks of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinetics.cohorts.cohort import CohortParameters
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.published.facts.actions import Actions
from kinetics.published.facts.derived import DerivedNumber
from kinetics.published.facts.row import EvidenceRow, PlacedFact
from kinetics.regimen import Regimen
from kinetics.units.levels import Level

__all__ = ["PublishedFact", "Question"]


@dataclass(frozen=True, eq=False)
class Question:
    """One number that a model is asked for.

    Parameters
    ----------
    row : EvidenceRow
        Its columns.
    model : Model
        Who is asked.
    regimen : Regimen
        What is given.
    cohort : CohortParameters
        Of whom, with the row's own settings.
    settings : mapping of str to float
        What differs from the cohort.
    time, since : float or None
        In the model's time.
    level : Level or None
        A threshold.
    actions : Actions or None
        How often rules acted.
    visits : VisitSchedule or None
        When patients are seen.
    derived : DerivedNumber or None
        Of a number that follows from parameters alone.
    unit : pint.Unit
        That of the number.
    relative : bool
        Whether an extreme is relative to the value before treatment.
    """

    row: EvidenceRow
    model: Model
    regimen: Regimen
    cohort: CohortParameters
    settings: Mapping[str, float]
    time: float | None
    since: float | None
    level: Level | None
    actions: Actions | None
    visits: VisitSchedule | None
    derived: DerivedNumber | None
    unit: Any
    relative: bool

    @property
    def asks_states(self) -> bool:
        """Whether it is of a state, which no output shows."""
        return any(name in self.model.states for name in (self.row.output, self.row.over))

    @property
    def arm(self) -> tuple[Any, ...]:
        """Questions of one arm are answered by the same patients."""
        return self.model.name, self.model.path, self.regimen.content_hash, self.cohort.content_hash


@dataclass(frozen=True, eq=False)
class PublishedFact:
    """A published fact with its questions.

    Parameters
    ----------
    placed : PlacedFact
        The row and where it stands.
    question : Question or None
        What the model is asked; None if it is not.
    versus : Question or None
        What a direction is compared with.
    factor : float
        From the unit of the question to that of the row; from that of ``versus`` to that of the question.
    """

    placed: PlacedFact
    question: Question | None = None
    versus: Question | None = None
    factor: float = 1.0

    @property
    def row(self) -> EvidenceRow:
        """The row."""
        return self.placed.row

    @property
    def exploratory(self) -> bool:
        """Whether it is of an output that the model calls exploratory."""
        return any(
            each.model.is_exploratory(name) for each in self.questions for name in (each.row.output, each.row.over)
        )

    @property
    def questions(self) -> list[Question]:
        """Those there are."""
        return [each for each in (self.question, self.versus) if each is not None]
