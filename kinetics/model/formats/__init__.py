"""What a model offers of the formats of other programs, whose rooms stand below that of models."""

from kinetics.model.formats.other_formats import OtherFormats

__all__ = ["OtherFormats"]
