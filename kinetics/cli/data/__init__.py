"""`kinetics data`: tables of patients, read and described."""

from kinetics.cli.data.guess import guess
from kinetics.cli.data.read import read

__all__ = ["guess", "read"]
