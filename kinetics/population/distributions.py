"""How a parameter follows its normal deviate, one class a distribution, each with its derivatives.

Every class is of one parameter and has two methods, elementwise over patients. ``value(typical, spread, z)`` is the
parameter; ``slopes(typical, spread, z)`` are its derivatives by the typical value and by the spread. Typical values and
spreads are in the parameter's unit or on the scale that the class names; ``z`` is (patient,), standard normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from kinetics.model.quantities import Parameter
from kinetics.model.ranges import logit_bounds

Slopes = tuple[np.ndarray, np.ndarray]


class Distribution(Protocol):
    """What every class here can do."""

    def value(self, typical: float, spread: float, z: np.ndarray) -> np.ndarray:
        """The parameter at some deviates, (patient,)."""
        ...

    def slopes(self, typical: float, spread: float, z: np.ndarray) -> Slopes:
        """Its derivatives by the typical value and by the spread, (patient,) each."""
        ...


@dataclass(frozen=True)
class LogNormal:
    r""":math:`x = \theta e^{\sigma z}`: the typical value is the median, the spread the SD of the natural logarithm.

    The mean is :math:`\theta e^{\sigma^2/2}`, the variance the square of the mean times :math:`e^{\sigma^2} - 1`.

    Examples
    --------
    >>> LogNormal().value(2.0, 0.5, np.array([0.0, 2.0])).round(3)
    array([2.   , 5.437])
    """

    def value(self, typical: float, spread: float, z: np.ndarray) -> np.ndarray:
        """The parameter at some deviates, (patient,)."""
        return typical * np.exp(spread * z)

    def slopes(self, typical: float, spread: float, z: np.ndarray) -> Slopes:
        """Its derivatives by the typical value and by the spread, (patient,) each."""
        ratio = np.exp(spread * z)
        return ratio, typical * z * ratio


@dataclass(frozen=True)
class LogitNormal:
    r"""Between two bounds, the typical value is the median, the spread the SD of the logit of the share between them.

    With :math:`q = (\theta - a)/(b - a)`, :math:`x = a + (b - a)\,q/(q + (1 - q) e^{-\sigma z})`.

    Examples
    --------
    >>> LogitNormal(0.0, 1.0).value(0.5, 1.0, np.array([0.0, np.log(3)]))
    array([0.5 , 0.75])
    """

    minimum: float
    maximum: float

    def value(self, typical: float, spread: float, z: np.ndarray) -> np.ndarray:
        """The parameter at some deviates, (patient,)."""
        share, _ = self._share(typical, spread, z)
        return self.minimum + (self.maximum - self.minimum) * share

    def slopes(self, typical: float, spread: float, z: np.ndarray) -> Slopes:
        """Its derivatives by the typical value and by the spread, (patient,) each."""
        share, odds = self._share(typical, spread, z)
        q = self._q(typical)
        by_typical = odds / (q + (1 - q) * odds) ** 2
        return by_typical, (self.maximum - self.minimum) * z * share * (1 - share)

    def _q(self, typical: float) -> float:
        return (typical - self.minimum) / (self.maximum - self.minimum)

    def _share(self, typical: float, spread: float, z: np.ndarray) -> Slopes:
        q, odds = self._q(typical), np.exp(-spread * z)
        return q / (q + (1 - q) * odds), odds


@dataclass(frozen=True)
class Normal:
    r""":math:`x = \theta + \sigma z`, the spread in the parameter's unit.

    Examples
    --------
    >>> Normal().value(40.0, 10.0, np.array([-1.0, 0.5]))
    array([30., 45.])
    """

    def value(self, typical: float, spread: float, z: np.ndarray) -> np.ndarray:
        """The parameter at some deviates, (patient,)."""
        return typical + spread * z

    def slopes(self, typical: float, spread: float, z: np.ndarray) -> Slopes:
        """Its derivatives by the typical value and by the spread, (patient,) each."""
        return np.ones_like(z), z.copy()


@dataclass(frozen=True)
class Categories:
    """0, 1, ...: a category is where the deviate lies between normal quantiles of the summed shares before and with it.

    The typical value plays no part, and there is no spread: both derivatives are 0.

    Examples
    --------
    >>> Categories((0.5, 0.25, 0.25)).value(0.0, 0.0, np.array([-0.1, 0.1, 0.7]))
    array([0., 1., 2.])
    """

    shares: tuple[float, ...]

    @cached_property
    def thresholds(self) -> np.ndarray:
        """The deviates at which a category ends and the next begins, (category - 1,)."""
        return ndtri(np.minimum(np.cumsum(self.shares)[:-1], 1.0))

    def value(self, typical: float, spread: float, z: np.ndarray) -> np.ndarray:
        """The parameter at some deviates, (patient,)."""
        return np.searchsorted(self.thresholds, z, side="right").astype(float)

    def slopes(self, typical: float, spread: float, z: np.ndarray) -> Slopes:
        """Its derivatives by the typical value and by the spread, (patient,) each."""
        return np.zeros_like(z), np.zeros_like(z)


def distribution_of(parameter: Parameter) -> Distribution:
    """The distribution of a parameter that varies.

    Examples
    --------
    >>> distribution_of(Parameter(name="V", value=3, unit="L", spread=0.2))
    LogNormal()
    """
    match parameter.distribution:
        case "logit_normal":
            return LogitNormal(*logit_bounds(parameter))
        case "normal":
            return Normal()
        case "categories":
            return Categories(parameter.shares or ())
        case _:
            return LogNormal()
