"""A document as a file of one format."""

from kinetics.documents.writers.formats import FORMATS, check_format

__all__ = ["FORMATS", "check_format"]
