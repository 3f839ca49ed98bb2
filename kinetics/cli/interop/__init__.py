"""Commands that read and write formats of other programs."""

from kinetics.cli.interop.import_ import import_

__all__ = ["import_"]
