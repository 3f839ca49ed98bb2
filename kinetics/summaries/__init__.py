"""Likelihoods of published summaries of a simulated population, one formula a file."""

from kinetics.summaries.counts import SeenCounts
from kinetics.summaries.mean import Mean
from kinetics.summaries.median import Extremes, Median, Quartiles
from kinetics.summaries.proportion import Proportion
from kinetics.summaries.seen import Seen
from kinetics.summaries.shown import Interval, Shown
from kinetics.summaries.stated import Stated
from kinetics.summaries.study import covariance, log_likelihood
from kinetics.summaries.summary import Evaluation, Summary
from kinetics.summaries.target import PopulationTarget, population_target
from kinetics.summaries.times import SeenTimes, first_seen_back
from kinetics.summaries.view import View

__all__ = [
    "Evaluation",
    "Extremes",
    "Interval",
    "Mean",
    "Median",
    "PopulationTarget",
    "Proportion",
    "Quartiles",
    "Seen",
    "SeenCounts",
    "SeenTimes",
    "Shown",
    "Stated",
    "Summary",
    "View",
    "covariance",
    "first_seen_back",
    "log_likelihood",
    "population_target",
]
