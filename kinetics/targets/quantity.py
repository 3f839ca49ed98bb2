"""What a published number is a number of: the model's counterpart and its derivatives."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory

__all__ = ["Quantity"]


class Quantity(Protocol):
    """The model's counterpart of a published number, in the units of the model."""

    output: str

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        ...

    def of(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """Value, and its derivatives by the chosen parameters, (parameter,)."""
        ...
