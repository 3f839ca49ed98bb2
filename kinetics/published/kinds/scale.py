"""The scale on which a number is fitted: the logarithm of a positive number, the logit of a share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kinetics.errors import InputError

LEAST = 1e-4
"""A share of the model nearer to 0 or 1 counts as so near: its logit stays finite where no virtual patient counts."""


@dataclass(frozen=True)
class Scale:
    """A scale on which errors are about normal.

    ``most`` is what numbers on it are below: infinite, and the scale is the logarithm, or 1, and it is the logit.
    """

    most: float = math.inf

    def published(self, number: float) -> float:
        """A published number on the scale; an `InputError` if it has no place there."""
        if not 0 < number < self.most:
            raise InputError(
                f"{number:g} has no logarithm; only positive numbers are fitted"
                if math.isinf(self.most)
                else f"a share of {number:g} has no logit; write it as a direction, below or above a share"
            )
        return self._of(number)

    def of_model(self, number: float) -> float:
        """A number of the model on the scale; NaN if it is not positive, infinite or none."""
        if math.isinf(self.most):
            return self._of(number) if 0 < number < math.inf else math.nan
        return self._of(min(max(number, LEAST), 1 - LEAST)) if number == number else math.nan

    def slope(self, number: float) -> float:
        """The derivative of the scale by a number."""
        return 1 / number + (0.0 if math.isinf(self.most) else 1 / (1 - number))

    def _of(self, number: float) -> float:
        return math.log(number) - (0.0 if math.isinf(self.most) else math.log1p(-number))


LOGARITHM, LOGIT = Scale(), Scale(1.0)
