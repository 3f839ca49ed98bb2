"""Published numbers, and what a model says of them."""

from kinetics.targets.published import PlacedRow, PublishedRow, read_table
from kinetics.targets.target import Target, target_of

__all__ = ["PlacedRow", "PublishedRow", "Target", "read_table", "target_of"]
