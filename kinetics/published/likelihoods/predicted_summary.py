"""What a population shows of a published row, and whether the publication agrees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from kinetics.published.row import PublishedRow


class Interval(NamedTuple):
    """A number of the population, and where that of a study lies with 95 %; NaN ends if the row gives no n."""

    value: float
    lower: float
    upper: float

    def holds(self, published: float | None, rounding: float | None = None) -> bool | None:
        """Whether a published number lies inside, or one that rounds to it; None if that is unknown."""
        if published is None or math.isnan(self.lower):
            return None
        half = 0.5 * (rounding or 0.0)
        return self.lower - half <= published <= self.upper + half

    @property
    def ends(self) -> list[float] | None:
        """The ends as JSON has them."""
        return None if math.isnan(self.lower) else [self.lower, self.upper]


@dataclass(frozen=True)
class PredictedSummary:
    """A published row in a population: its value, and its standard deviation if there is one, in the row's unit."""

    row: PublishedRow
    interval: Interval
    spread: Interval | None

    def inside(self) -> bool | None:
        """Whether the published value lies where a study's would; of a range, whether the population's lies in it."""
        row = self.row
        if row.is_range:
            assert row.lower is not None
            assert row.upper is not None
            return row.lower <= self.interval.value <= row.upper
        if row.n is None and row.value is not None and row.rounding is not None:
            # nobody knows where a study would lie, but the model's own number may be one that rounds to it
            return abs(self.interval.value - row.value) <= 0.5 * row.rounding
        return self.interval.holds(row.value, row.rounding)

    def spread_inside(self) -> bool | None:
        """Whether the published standard deviation lies where a study's would; None if there is none."""
        return None if self.spread is None else self.spread.holds(self.row.sd, self.row.rounding)

    def summary(self) -> dict[str, Any]:
        """As the JSON of the command has it."""
        entries: dict[str, Any] = {"model_interval": self.interval.ends, "inside": self.inside()}
        if self.spread is not None:
            entries["sd_fitted"], entries["sd_interval"] = self.spread.value, self.spread.ends
            entries["sd_inside"] = self.spread_inside()
        return entries
