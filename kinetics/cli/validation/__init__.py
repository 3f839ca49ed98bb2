"""Subcommands that try a fit: synthetic data refitted, rows left out and predicted."""

from kinetics.cli.validation.crossvalidate import crossvalidate
from kinetics.cli.validation.refit import refit

__all__ = ["crossvalidate", "refit"]
