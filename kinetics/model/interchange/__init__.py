"""What a model offers of the formats of other programs, whose room stands below that of models."""

from kinetics.model.interchange.methods import Interchange

__all__ = ["Interchange"]
