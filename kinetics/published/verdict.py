"""A fact beside the model: inside or outside its interval, or which direction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from kinetics.files.tables import PlacedRow
from kinetics.published.evidence_row import SHARE, EvidenceRow
from kinetics.published.kinds import KINDS

Group = Literal["numeric", "input", "direction", "not_modelled", "unverified"]


@dataclass(frozen=True)
class Verdict:
    """A fact beside the model.

    Parameters
    ----------
    placed : PlacedRow of EvidenceRow
        The row and where it stands.
    model : float or None
        The model's number, in the row's unit; of a direction with ``versus`` in the model's. None of a row that is not
        compared.
    versus : float or None
        The number that a direction is compared with, in the same unit.
    exploratory : bool
        Whether the model's number is of an output that it calls exploratory.
    """

    placed: PlacedRow[EvidenceRow]
    model: float | None = None
    versus: float | None = None
    exploratory: bool = False

    @property
    def row(self) -> EvidenceRow:
        """The row."""
        return self.placed.row

    @property
    def group(self) -> Group:
        """Where it is listed. Unverified rows are not counted; inputs of the model are counted separately."""
        if not self.row.is_verified:
            return "unverified"
        if not KINDS[self.row.kind].compared:
            return "not_modelled"
        if self.row.is_direction:
            return "direction"
        return "input" if self.row.use == "input" else "numeric"

    @property
    def agrees(self) -> bool | None:
        """Whether the model's number is inside, or the direction is the published one; None of a row not compared."""
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
