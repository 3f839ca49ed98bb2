"""Predictions from a fit: counts and recovery after any courses, over patients and over what is not known of them."""

from kinetics.prediction.predicting import predict, run_prediction
from kinetics.prediction.request import PredictionRequest, load_prediction
from kinetics.prediction.summary import (
    discrepancy_recovery_summary,
    population_recovery_summary,
    recovery_summary,
    trial_recovery_summary,
)

__all__ = [
    "PredictionRequest",
    "discrepancy_recovery_summary",
    "load_prediction",
    "population_recovery_summary",
    "predict",
    "recovery_summary",
    "run_prediction",
    "trial_recovery_summary",
]
