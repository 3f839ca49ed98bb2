"""Commands that write documents."""

from kinetics.cli.documents.report import report

__all__ = ["report"]
