"""The computing time of a fit that ships, with compiled code in the cache and without imports."""

from __future__ import annotations

from typing import Any

from clock import pace, repeated
from kinetics.estimate import FitProblem, fit

__all__ = ["measure"]


def measure(name: str, seconds: float) -> dict[str, Any]:
    """Load the problem and fit it, uncertainty included, again and again."""
    took = repeated(lambda: fit(FitProblem.load(name)), seconds=seconds, least=3)
    return {"fit": name, "pace": pace(), "seconds": took["least"], "median_s": took["median"]}
