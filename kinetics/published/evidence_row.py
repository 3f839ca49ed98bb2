"""A published fact as a row of a file of evidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from kinetics.files.rows import Line
from kinetics.published.kinds import KINDS
from kinetics.published.row import NORMAL_95, Positive, PublishedNumber

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
    finding: Line | None = None
    not_counted: Literal["cannot_fail", "repeats_fit", "typed_in"] | None = None
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
    rounding: Positive | None = None
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
    def finding_name(self) -> str:
        """The finding that it is a row of: one quantity of one study."""
        return self.finding or self.name

    @property
    def in_fit(self) -> bool:
        """Whether the model has been fitted or calibrated to it."""
        return self.use in ("fit", "calibrate")

    @property
    def needs_studies(self) -> bool:
        """Whether it has no interval, and a number of patients that says where numbers of such studies lie."""
        bare = self.lower is None and self.upper is None
        known = self.n is not None and KINDS[self.kind].sampled and self.statistic != "typical"
        return bare and known and not self.is_direction

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the model's number is inside, in the row's unit; None if the row has no interval of its own.

        As published, an end that is not given infinite; else what rounds to the value, or by SD and n where no model
        says how numbers of studies differ.
        """
        if self.lower is not None or self.upper is not None:
            return -math.inf if self.lower is None else self.lower, math.inf if self.upper is None else self.upper
        half = 0.5 * (self.rounding or 0.0)
        if self.sd is not None and self.n is not None:
            half += NORMAL_95 * self.sd / math.sqrt(self.n)
        return None if self.value is None or not half or self.needs_studies else (self.value - half, self.value + half)

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
            f"relation '{self.relation}' has no 'lower' and 'upper'": self.relation in ("above", "below") and not bare,
            "relation 'about' needs 'lower' and 'upper', how near is a number": self.relation == "about"
            and (self.lower is None or self.upper is None),
            "needs a 'value', or 'lower' or 'upper'": self.value is None and bare and self.versus is None,
            "with 'versus' a 'value' is a factor: its unit is 1": self.versus is not None
            and self.unit not in (None, "1"),
            f"'n' of a {self.kind} gives no interval; add 'sd', 'lower', 'upper' or 'rounding'": self.n is not None
            and not self.is_direction
            and self.interval is None
            and not self.needs_studies,
        } | self.value_faults(is_range=self.statistic == "range")
        return [message for message, is_wrong in wrong.items() if is_wrong]
