"""Which parameters can be known at all from chosen outputs: structural identifiability, without any data."""

from kinetics.identifiability.experiment import MeasuredArm
from kinetics.identifiability.further_measurements import further_measurements
from kinetics.identifiability.identification import Identification
from kinetics.identifiability.identifying import identify
from kinetics.identifiability.structure import Structure, structure

__all__ = ["Identification", "MeasuredArm", "Structure", "further_measurements", "identify", "structure"]
