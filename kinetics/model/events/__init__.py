"""Events of a model: what sets states to other values when a condition becomes true."""

from kinetics.model.events.conditions import comparisons, condition_truth, is_condition, switches_of
from kinetics.model.events.event import Event

__all__ = ["Event", "comparisons", "condition_truth", "is_condition", "switches_of"]
