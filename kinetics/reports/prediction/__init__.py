"""A prediction as text and for a program."""

from kinetics.reports.prediction.text import (
    population_json,
    population_text,
    prediction_json,
    prediction_text,
    trial_json,
    trial_text,
)

__all__ = ["population_json", "population_text", "prediction_json", "prediction_text", "trial_json", "trial_text"]
