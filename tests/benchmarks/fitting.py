"""The computing time of a fit that ships, with compiled code in the cache and without imports."""

from __future__ import annotations

from typing import Any

from clock import pace, repeated
from kinetics.estimate import FitProblem, fit

__all__ = ["measure"]


def measure(name: str, least: int) -> dict[str, Any]:
    """Load the problem and fit it, uncertainty included, at least so often."""
    took = repeated(lambda: fit(FitProblem.load(name)), seconds=0.0, least=least)
    return {"fit": name, "pace": pace(), "seconds": took["median"]}
