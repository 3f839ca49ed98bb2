"""Commands that read and write formats of other programs."""

from kinetics.cli.interop.export import export
from kinetics.cli.interop.import_ import import_

__all__ = ["export", "import_"]
