"""How often the rules of a regimen acted, a course of several doses counted once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.errors import InputError
from kinetics.regimen import Rule

__all__ = ["Actions", "actions_by"]


@dataclass(frozen=True)
class Actions:
    """A number of actions, or that and more.

    Examples
    --------
    >>> Actions.read("2"), Actions.read("3 or more")
    (Actions(count=2, or_more=False), Actions(count=3, or_more=True))
    """

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


def actions_by(fired: TriggeredDoses, rules: Sequence[Rule], time: float) -> np.ndarray:
    """How often all rules together have begun to act by a time, (patient,).

    Parameters
    ----------
    fired : TriggeredDoses
        Doses that rules gave, (patient, trigger).
    rules : sequence of Rule
        Of the regimen, in its order; a rule gives ``count`` doses an action.
    time : float
        In the model's time.
    """
    given = np.nan_to_num(fired.times, nan=np.inf) <= time
    doses = [(given & (fired.rules == number)).sum(axis=-1) for number in range(1, len(rules) + 1)]
    return sum((-(-each // rule.count) for each, rule in zip(doses, rules, strict=True)), np.zeros(len(given), int))
