"""Likelihoods of published summaries of a simulated population, one formula a file."""

from kinetics.observation.distribution import Seen
from kinetics.observation.observed_counts import SeenCounts
from kinetics.observation.observed_times import SeenTimes, first_seen_back
from kinetics.observation.population_values import View
from kinetics.published.likelihoods.mean import Mean
from kinetics.published.likelihoods.median import Extremes, Median, Quartiles
from kinetics.published.likelihoods.proportion import Proportion
from kinetics.published.likelihoods.shown import Interval, Shown
from kinetics.published.likelihoods.stated import Stated
from kinetics.published.likelihoods.study import covariance, log_likelihood
from kinetics.published.likelihoods.summary import Evaluation, Summary
from kinetics.published.likelihoods.target import PopulationTarget, population_target

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
