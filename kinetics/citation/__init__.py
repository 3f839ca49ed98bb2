"""The references of a result: software, methods, and the sources of its numbers."""

from kinetics.citation.citing import cite

__all__ = ["cite"]
