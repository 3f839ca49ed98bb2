"""Commands that exchange models with other programs."""

from kinetics.cli.interop.export import export

__all__ = ["export"]
