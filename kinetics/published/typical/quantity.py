"""What a published number is a number of: the model's counterpart and its derivatives."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.engines.trajectory import Trajectory

__all__ = ["Quantity"]


class Quantity(Protocol):
    """The model's counterpart of a published number, in the units of the model."""

    @property
    def output(self) -> str:
        """The output it is taken of."""
        ...

    def horizon(self) -> float:
        """How long a simulation must be, in the model's time."""
        ...

    def value(self, trajectory: Trajectory, until: float) -> float:
        """What is reported; a time may be infinite (not reached again) or NaN (never below)."""
        ...

    def with_gradient(self, trajectory: SensitiveTrajectory, until: float) -> tuple[float, np.ndarray]:
        """Value and derivatives by the chosen parameters, (parameter,).

        Always finite, so that a search can go on: where `value` is not, a stand-in that leads back.
        """
        ...
