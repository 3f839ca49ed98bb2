"""Events of a model over either engine: found on the dense solution, executed, and integrated on from there."""

from kinetics.engines.events.integrating import integrate
from kinetics.engines.events.trajectory import EventTrajectory, ExecutedEvent

__all__ = ["EventTrajectory", "ExecutedEvent", "integrate"]
