"""Events of a model over either engine: found on the dense solution, executed, and integrated on from there."""

from kinetics.engines.events.differentiating import differentiate, integrate_patient, integrate_with_sensitivities
from kinetics.engines.events.history import ExecutedEvent
from kinetics.engines.events.integrating import integrate
from kinetics.engines.events.sensitivity import SensitiveEventTrajectory
from kinetics.engines.events.trajectory import EventTrajectory

__all__ = [
    "EventTrajectory",
    "ExecutedEvent",
    "SensitiveEventTrajectory",
    "differentiate",
    "integrate",
    "integrate_patient",
    "integrate_with_sensitivities",
]
