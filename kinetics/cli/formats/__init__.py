"""Commands that read and write formats of other programs."""

from kinetics.cli.formats.export import export
from kinetics.cli.formats.import_ import import_

__all__ = ["export", "import_"]
