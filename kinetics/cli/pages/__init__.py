"""Commands that open or write pages."""

from kinetics.cli.pages.explore import explore

__all__ = ["explore"]
