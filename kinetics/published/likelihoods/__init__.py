"""Likelihoods of published summaries of a simulated population, one formula a file."""

from kinetics.observation.distribution import ObservedDistribution
from kinetics.observation.observed_counts import ObservedCounts
from kinetics.observation.observed_times import ObservedTimes, first_observed_return
from kinetics.observation.population_values import PopulationValues
from kinetics.published.likelihoods.mean import Mean
from kinetics.published.likelihoods.median import Extremes, Median, Quartiles
from kinetics.published.likelihoods.predicted_summary import Interval, PredictedSummary
from kinetics.published.likelihoods.proportion import Proportion
from kinetics.published.likelihoods.reported_range import ReportedRange
from kinetics.published.likelihoods.study import covariance, log_likelihood
from kinetics.published.likelihoods.summary import Evaluation, Summary
from kinetics.published.likelihoods.target import PopulationTarget, population_target

__all__ = [
    "Evaluation",
    "Extremes",
    "Interval",
    "Mean",
    "Median",
    "ObservedCounts",
    "ObservedDistribution",
    "ObservedTimes",
    "PopulationTarget",
    "PopulationValues",
    "PredictedSummary",
    "Proportion",
    "Quartiles",
    "ReportedRange",
    "Summary",
    "covariance",
    "first_observed_return",
    "log_likelihood",
    "population_target",
]
