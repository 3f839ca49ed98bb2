"""Published numbers, and what a model says of them."""

from kinetics.published.typical.published import NORMAL_95, PlacedRow, PublishedRow, check_units, read_table
from kinetics.published.typical.target import Target, TypicalTarget, time_within, typical_target

__all__ = [
    "NORMAL_95",
    "PlacedRow",
    "PublishedRow",
    "Target",
    "TypicalTarget",
    "check_units",
    "read_table",
    "time_within",
    "typical_target",
]
