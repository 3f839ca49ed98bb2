"""Commands that write documents."""

from kinetics.cli.documents.cite import cite
from kinetics.cli.documents.report import report

__all__ = ["cite", "report"]
