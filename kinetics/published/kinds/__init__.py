"""The kinds of published number, one class each: what a row of the kind needs, and the model's number beside it."""

from kinetics.published.kinds.correlation import Correlation, CorrelationWithEvent
from kinetics.published.kinds.count import Count, PercentOfBaseline, Ratio
from kinetics.published.kinds.courses_share import CoursesShare
from kinetics.published.kinds.covariate import CovariateWithEvent, CovariateWithoutEvent
from kinetics.published.kinds.event import EventPeak, EventShare
from kinetics.published.kinds.extremes import (
    Fall,
    Nadir,
    Overshoot,
    Peak,
    TimeOfNadir,
    TimeOfOvershoot,
    TimeOfPeak,
)
from kinetics.published.kinds.not_modelled import NotModelled
from kinetics.published.kinds.parameter import Parameter
from kinetics.published.kinds.quantity import Quantity
from kinetics.published.kinds.recovery import ShareRecovered, TimeBelow, TimeToThreshold
from kinetics.published.kinds.share import ShareAbove, ShareBelow

__all__ = ["KINDS", "Quantity"]

KINDS: dict[str, type[Quantity]] = {
    "count": Count,
    "percent_of_baseline": PercentOfBaseline,
    "ratio": Ratio,
    "share_below": ShareBelow,
    "share_above": ShareAbove,
    "share_recovered": ShareRecovered,
    "time_to_threshold": TimeToThreshold,
    "time_below": TimeBelow,
    "nadir": Nadir,
    "fall": Fall,
    "time_of_nadir": TimeOfNadir,
    "overshoot": Overshoot,
    "time_of_overshoot": TimeOfOvershoot,
    "peak": Peak,
    "time_of_peak": TimeOfPeak,
    "event_share": EventShare,
    "event_peak": EventPeak,
    "covariate_with_event": CovariateWithEvent,
    "covariate_without_event": CovariateWithoutEvent,
    "correlation": Correlation,
    "correlation_with_event": CorrelationWithEvent,
    "courses_share": CoursesShare,
    "parameter": Parameter,
    "not_modelled": NotModelled,
}
"""By the name that a row has in its column ``kind``."""
