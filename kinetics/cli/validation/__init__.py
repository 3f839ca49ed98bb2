"""Subcommands that try a fit: synthetic data refitted, rows left out and predicted, other models fitted."""

from kinetics.cli.validation.compare_models import compare_models
from kinetics.cli.validation.crossvalidate import crossvalidate
from kinetics.cli.validation.refit import refit

__all__ = ["compare_models", "crossvalidate", "refit"]
