"""What visits show: when patients are seen, what one measurement reports, and recovery as it is seen."""

from kinetics.measures.at_visits import ever_back, observed_nadir, observed_recovery
from kinetics.observation.observing import Observation, observe
from kinetics.observation.series import Series
from kinetics.observation.visits import VisitSchedule

__all__ = ["Observation", "Series", "VisitSchedule", "ever_back", "observe", "observed_nadir", "observed_recovery"]
