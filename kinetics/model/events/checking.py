"""The checks of events: what they set are states, and everything is in its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kinetics.errors import Faults
from kinetics.expressions import Dimensions
from kinetics.model.events.event import Event
from kinetics.model.quantities import State
from kinetics.text.suggestions import did_you_mean
from kinetics.units import parse_unit


def check_assigned(events: Iterable[Event], states: Mapping[str, State], faults: Faults) -> None:
    """An event sets states, and no other quantity."""
    for event in events:
        for name in event.assignments:
            if name not in states:
                message = f"'{name}' is no state, and an event sets states alone{did_you_mean(name, states)}"
                faults.add(message, *event.location(f"assignments.{name}"))


def converted_event(
    event: Event, dimensions: Dimensions, states: Mapping[str, State], time: Any, faults: Faults
) -> Event:
    """An event with every conversion of units written in."""
    units = {"delay": time, "priority": parse_unit("1")}
    units |= {f"assignments.{name}": states[name].unit if name in states else None for name in event.assignments}

    def converted(key: str, value: Any) -> Any:
        with faults.gather(*event.location(key)):
            return dimensions.condition(value) if key == "trigger" else dimensions.convert(value, units[key])
        return value

    return event.with_expressions(converted)
