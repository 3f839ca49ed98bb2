"""Which parameters can be known at all from chosen outputs: structural identifiability, without any data."""

from kinetics.identifiability.experiment import Arm
from kinetics.identifiability.remedies import what_would_help
from kinetics.identifiability.structure import Structure, structure

__all__ = ["Arm", "Structure", "structure", "what_would_help"]
