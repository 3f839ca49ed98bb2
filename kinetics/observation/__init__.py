"""What visits show: when patients are seen, what one measurement reports, and recovery as it is seen."""

from kinetics.measures.at_visits import ever_back, observed_nadir, observed_recovery
from kinetics.observation.observing import observe, times_with_visits, with_visits
from kinetics.observation.series import Series
from kinetics.observation.visits import VisitSchedule

__all__ = [
    "Series",
    "VisitSchedule",
    "ever_back",
    "observe",
    "observed_nadir",
    "observed_recovery",
    "times_with_visits",
    "with_visits",
]
