"""What the runs of a simulation give: named arrays in the units of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.engines.rule_monitor import TriggeredDoses


@dataclass(frozen=True, eq=False)
class RunResults:
    """What runs give, in the units of the model.

    ``values`` are outputs, then states if they are requested, (run, time, quantity), ``measures`` by name, (run,
    course); NaN for a run that failed. ``triggered`` is what rules did, (run, ...), None without rules. ``failures``
    are the reasons of runs that failed, empty for those that did not.
    """

    values: np.ndarray
    measures: dict[str, np.ndarray]
    triggered: TriggeredDoses | None
    failures: list[str]

    @classmethod
    def joined(cls, parts: Sequence[RunResults]) -> RunResults:
        """The runs of all parts, of which there is one at least, in their order."""
        triggered = [part.triggered.arrays for part in parts if part.triggered is not None]
        return cls(
            np.concatenate([part.values for part in parts]),
            {name: np.concatenate([part.measures[name] for part in parts]) for name in parts[0].measures},
            TriggeredDoses(*map(np.concatenate, zip(*triggered, strict=True))) if triggered else None,
            [reason for part in parts for reason in part.failures],
        )

    def fail(self, run: int, reason: str) -> None:
        """Make a failure of a run: all NaN, with the reason."""
        self.failures[run] = reason
        for array in (self.values, *self.measures.values()):
            array[run] = np.nan
        if self.triggered is not None:
            times, rules, capped = self.triggered.arrays
            times[run], rules[run], capped[run] = np.nan, 0, False
