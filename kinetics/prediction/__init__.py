"""Predictions from a fit: counts and recovery after any courses, over patients and over what is not known of them."""

from kinetics.prediction.predicting import predict
from kinetics.prediction.typical import QUANTILES, recovery_summary

__all__ = ["QUANTILES", "predict", "recovery_summary"]
