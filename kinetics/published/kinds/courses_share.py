"""The share of patients in whom the rules of a regimen acted so often, a course of several doses counted once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.errors import InputError
from kinetics.published.kinds.quantity import Columns, OfShare
from kinetics.regimen import Rule

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class CoursesShare(OfShare):
    """Of patients whose rules have acted as often as the level says by a time."""

    columns = Columns(("time", "level"))

    def read(self) -> None:
        """How often rules acted."""
        regimen = self.arm.regimen
        if not regimen.rules:
            raise InputError(f"regimen '{regimen.name}' has no rules, whose actions are counted")
        self.actions = Actions.read(str(self.row.level))

    def number(self, patients: Patients) -> Any:
        """The share."""
        assert patients.triggered is not None
        assert self.time is not None
        return self.actions.met(actions_by(patients.triggered, self.arm.regimen.rules, self.time)).mean()


@dataclass(frozen=True)
class Actions:
    """A number of actions, written ``2``, or that and more, written ``2 or more``."""

    count: int
    or_more: bool = False

    @classmethod
    def read(cls, text: str) -> Actions:
        """Read it, with an `InputError` if it is none."""
        match = re.fullmatch(r"([0-9]{1,4})( or more)?", text)
        if match is None:
            raise InputError(f"level '{text[:40]}': write how often rules acted, such as '1' or '2 or more'")
        return cls(int(match[1]), match[2] is not None)

    def met(self, counts: np.ndarray) -> np.ndarray:
        """Which of some counts are so many."""
        return counts >= self.count if self.or_more else counts == self.count


def actions_by(triggered: TriggeredDoses, rules: Sequence[Rule], time: float) -> np.ndarray:
    """How often all rules together have begun to act by a time, (patient,); a rule gives ``count`` doses an action."""
    by_then = np.nan_to_num(triggered.times, nan=np.inf) <= time
    doses = [(by_then & (triggered.rules == number)).sum(axis=-1) for number in range(1, len(rules) + 1)]
    return sum((-(-each // rule.count) for each, rule in zip(doses, rules, strict=True)), np.zeros(len(by_then), int))
