"""The scale on which an individual parameter is normally distributed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, logit


class Transform(Protocol):
    """A monotone function of a parameter, elementwise."""

    def forward(self, natural: np.ndarray) -> np.ndarray:
        """From the parameter to the normal scale."""
        ...

    def inverse(self, normal: np.ndarray) -> np.ndarray:
        """From the normal scale to the parameter."""
        ...

    def inverse_slope(self, normal: np.ndarray) -> np.ndarray:
        """The derivative of the inverse."""
        ...


@dataclass(frozen=True)
class Identity:
    """A normal parameter."""

    def forward(self, natural: np.ndarray) -> np.ndarray:
        """The same."""
        return np.asarray(natural, dtype=float)

    def inverse(self, normal: np.ndarray) -> np.ndarray:
        """The same."""
        return normal

    def inverse_slope(self, normal: np.ndarray) -> np.ndarray:
        """One."""
        return np.ones_like(normal)


@dataclass(frozen=True)
class Logarithm:
    """A log-normal parameter.

    Examples
    --------
    >>> Logarithm().inverse(np.array([0.0, np.log(2)]))
    array([1., 2.])
    """

    def forward(self, natural: np.ndarray) -> np.ndarray:
        """The natural logarithm."""
        return np.log(natural)

    def inverse(self, normal: np.ndarray) -> np.ndarray:
        """The exponential."""
        return np.exp(normal)

    def inverse_slope(self, normal: np.ndarray) -> np.ndarray:
        """The exponential."""
        return np.exp(normal)


@dataclass(frozen=True)
class Logit:
    """A parameter between two bounds whose logit is normal.

    Examples
    --------
    >>> Logit(0.0, 10.0).inverse(np.array([0.0]))
    array([5.])
    """

    lower: float = 0.0
    upper: float = 1.0

    def forward(self, natural: np.ndarray) -> np.ndarray:
        """The logit of the share of the interval."""
        return logit((np.asarray(natural, dtype=float) - self.lower) / (self.upper - self.lower))

    def inverse(self, normal: np.ndarray) -> np.ndarray:
        """The parameter."""
        return self.lower + (self.upper - self.lower) * expit(normal)

    def inverse_slope(self, normal: np.ndarray) -> np.ndarray:
        """The derivative of the parameter."""
        share = expit(normal)
        return (self.upper - self.lower) * share * (1.0 - share)
