"""A published fact as a row of a file of evidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from kinetics.files.rows import Line
from kinetics.published.kinds import KINDS
from kinetics.published.row import PublishedNumber

SHARE = 0.25
"""How far the model's number may be from a published one without an interval, as a share of it."""

if TYPE_CHECKING:
    FactKind = str
else:
    FactKind = Literal[tuple(KINDS)]


class EvidenceRow(PublishedNumber):
    """One published fact: a number, a direction, or a statement that no model here makes.

    The columns are described in docs/formats/evidence.md.
    """

    table: ClassVar[str] = "file of evidence"
    section: str = ""
    mark: Literal["S", "s", "c", "m"]
    use: Literal["fit", "calibrate", "validate", "input"]
    statement: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: FactKind
    statistic: (
        Literal["mean", "median", "geometric_mean", "survival_median", "share", "sd", "typical", "range", "unstated"]
        | None
    ) = None
    model: str | None = None
    cohort: str | None = None
    regimen: str | None = None
    output: str | None = None
    expression: str | None = None
    set: str | None = None
    relation: Literal["above", "below", "about"] | None = None
    versus: str | None = None
    unit: str | None = None
    source: Line
    reason: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether the number was read in a source; a number from memory (mark m) is not counted."""
        return self.mark != "m"

    @property
    def is_direction(self) -> bool:
        """Whether it says more or less, and no number of its own."""
        return self.relation is not None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the model's number is inside, in the row's unit: as published, else within `SHARE` of the value.

        An end that is not given is infinite.
        """
        if self.lower is None and self.upper is None:
            value = self.value or 0.0
            return value - SHARE * abs(value), value + SHARE * abs(value)
        return -math.inf if self.lower is None else self.lower, math.inf if self.upper is None else self.upper

    def faults(self) -> list[str]:
        """What is wrong between columns."""
        kind = KINDS[self.kind]
        compared = self._compared_faults() if kind.compared else self._stated_faults()
        return [*kind.columns.faults(self), *compared]

    def _stated_faults(self) -> list[str]:
        compared = [key for key in ("relation", "versus", "set") if getattr(self, key) is not None]
        messages = [f"kind '{self.kind}' has no '{key}': nothing is compared" for key in compared]
        return messages if self.reason else [*messages, f"kind '{self.kind}' needs a 'reason': why no model says it"]

    def _compared_faults(self) -> list[str]:
        bare = self.lower is None and self.upper is None
        wrong = {
            "needs a 'model'": self.model is None,
            "needs a 'unit'": self.unit is None and self.versus is None,
            "'versus' needs a 'relation': above, below or about": self.versus is not None and self.relation is None,
            "a 'relation' has no 'lower' and 'upper'": self.is_direction and not bare,
            "needs a 'value', or 'lower' or 'upper'": self.value is None and bare and self.versus is None,
            "with 'versus' a 'value' is a factor: its unit is 1": self.versus is not None
            and self.unit not in (None, "1"),
            f"a value of 0 needs 'lower' or 'upper': {SHARE:.0%} of 0 is 0": self.value == 0
            and bare
            and not self.is_direction,
        } | self.value_faults(is_range=self.statistic == "range")
        return [message for message, is_wrong in wrong.items() if is_wrong]
