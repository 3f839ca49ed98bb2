"""A prediction as text and for a program."""

from kinetics.reports.prediction.text import (
    population_json,
    population_parts,
    prediction_json,
    prediction_parts,
    prediction_text,
    trial_json,
    trial_parts,
)

__all__ = [
    "population_json",
    "population_parts",
    "prediction_json",
    "prediction_parts",
    "prediction_text",
    "trial_json",
    "trial_parts",
]
