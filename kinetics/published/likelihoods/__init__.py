"""Likelihoods of published summaries of a simulated population, one statistic a file."""

from kinetics.published.likelihoods.extremes import Extremes
from kinetics.published.likelihoods.mean import Mean
from kinetics.published.likelihoods.median import Median
from kinetics.published.likelihoods.predicted_summary import Interval, PredictedSummary
from kinetics.published.likelihoods.proportion import Proportion, binomial_interval
from kinetics.published.likelihoods.quartiles import Quartiles
from kinetics.published.likelihoods.reported_range import ReportedRange
from kinetics.published.likelihoods.study import covariance, log_likelihood
from kinetics.published.likelihoods.summary import Evaluation, Summary

__all__ = [
    "Evaluation",
    "Extremes",
    "Interval",
    "Mean",
    "Median",
    "PredictedSummary",
    "Proportion",
    "Quartiles",
    "ReportedRange",
    "Summary",
    "binomial_interval",
    "covariance",
    "log_likelihood",
]
