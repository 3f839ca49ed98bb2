"""Commands that open a page in the browser."""

from kinetics.cli.pages.docs import docs
from kinetics.cli.pages.explore import explore

__all__ = ["docs", "explore"]
