"""Subcommands that write what goes into a manuscript."""

from kinetics.cli.documents.cite import cite

__all__ = ["cite"]
