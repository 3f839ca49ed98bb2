"""Events of a model: what sets states to other values when a condition becomes true."""

from kinetics.model.events.conditions import comparisons, condition_truth, is_condition, switches_of
from kinetics.model.events.event import Event
from kinetics.model.events.refusal import check_no_events

__all__ = ["Event", "check_no_events", "comparisons", "condition_truth", "is_condition", "switches_of"]
