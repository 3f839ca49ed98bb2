"""Visits: when patients are measured, and what one measurement reports; what is read off them, `kinetics.measures`."""

from kinetics.observation.observing import observe, times_with_visits, with_visits
from kinetics.observation.series import Series
from kinetics.observation.visits import VisitSchedule

__all__ = [
    "Series",
    "VisitSchedule",
    "observe",
    "times_with_visits",
    "with_visits",
]
