"""The check of files of every kind."""

from kinetics.checking.checking import Findings, check
from kinetics.checking.loading import load

__all__ = ["Findings", "check", "load"]
