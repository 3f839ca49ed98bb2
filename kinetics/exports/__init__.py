"""The verb `export`: models, and problems of fits, for other programs."""

from kinetics.exports.exporting import export

__all__ = ["export"]
