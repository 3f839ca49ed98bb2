"""Priors of parameters: densities of PEtab 1 and 2, their derivatives, and draws from them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from kinetics.errors import InputError
from kinetics.interop.petab.scales import scaled, slope_of_scale, unscaled


class Family(NamedTuple):
    """A family of distributions: its parameters, SciPy's distribution, and the slope of the log density."""

    parameters: tuple[str, ...]
    frozen: Callable[..., Any]
    slope: Callable[..., float]


def _stats() -> Any:
    from scipy import stats

    return stats


FAMILIES: dict[str, Family] = {
    "uniform": Family(("lower", "upper"), lambda a, b: _stats().uniform(a, b - a), lambda x, a, b: 0.0),
    "normal": Family(("mean", "sd"), lambda m, s: _stats().norm(m, s), lambda x, m, s: (m - x) / s**2),
    "laplace": Family(
        ("location", "scale"), lambda m, b: _stats().laplace(m, b), lambda x, m, b: -float(np.sign(x - m)) / b
    ),
    "cauchy": Family(
        ("location", "scale"), lambda m, b: _stats().cauchy(m, b), lambda x, m, b: 2 * (m - x) / (b**2 + (x - m) ** 2)
    ),
    "chisquare": Family(("freedom",), lambda n: _stats().chi2(n), lambda x, n: (n / 2 - 1) / x - 0.5),
    "exponential": Family(("scale",), lambda b: _stats().expon(0, b), lambda x, b: -1 / b),
    "gamma": Family(("shape", "scale"), lambda a, b: _stats().gamma(a, scale=b), lambda x, a, b: (a - 1) / x - 1 / b),
    "rayleigh": Family(("scale",), lambda s: _stats().rayleigh(0, s), lambda x, s: 1 / x - x / s**2),
}
"""By the name that PEtab 2 has for them."""
ON_LOGARITHM = {"log-normal": "normal", "log-laplace": "laplace", "log-uniform": "uniform"}
KINDS_2 = (*FAMILIES, *ON_LOGARITHM)
"""Kinds of prior of PEtab 2."""
KINDS_1 = {
    "uniform": "uniform",
    "normal": "normal",
    "laplace": "laplace",
    "logNormal": "log-normal",
    "logLaplace": "log-laplace",
    "parameterScaleUniform": "uniform",
    "parameterScaleNormal": "normal",
    "parameterScaleLaplace": "laplace",
}
"""Kinds of prior of PEtab 1, and those that they are of PEtab 2, on the scale of the parameter or not."""


@dataclass(frozen=True)
class Prior:
    """The prior of one parameter.

    Parameters
    ----------
    kind : str
        One of `KINDS_2`.
    parameters : tuple of float
        Those of the distribution; of ``log-uniform`` the bounds themselves, of other kinds on the logarithm those of
        the distribution of the logarithm.
    scale : {"lin", "log", "log10"}
        On which scale of the parameter the density is: of the parameter itself, or of its logarithm.
    lower, upper : float
        Where the distribution is cut off, on the scale of the parameter itself.

    Examples
    --------
    >>> round(Prior("normal", (4.0, 2.0), lower=0.0, upper=10.0).log_density(5.0), 8)
    -1.71269053
    """

    kind: str
    parameters: tuple[float, ...]
    scale: str = "lin"
    lower: float = -math.inf
    upper: float = math.inf

    def check(self) -> None:
        """`InputError` if the parameters are none of the distribution, or nothing of it lies between the bounds."""
        names = self._family.parameters
        if len(self.parameters) != len(names):
            raise InputError(f"prior '{self.kind}' takes {', '.join(names)}; found {len(self.parameters)} numbers")
        positive = [value for name, value in zip(names, self.parameters, strict=True) if name not in _ANY]
        is_interval = "lower" not in names or self.parameters[0] < self.parameters[1]
        if not all(value > 0 for value in positive) or not is_interval:
            raise InputError(f"prior '{self.kind}' cannot have the numbers {'; '.join(map(str, self.parameters))}")
        if self.kind == "log-uniform" and self.parameters[0] <= 0:
            raise InputError("prior 'log-uniform' needs positive bounds")
        if not self._mass > 0:
            raise InputError(f"prior '{self.kind}' has no part between {self.lower:g} and {self.upper:g}")

    def log_density(self, value: float) -> float:
        """The logarithm of the density at a value of the parameter, not transformed."""
        if not self.lower <= value <= self.upper:
            return -math.inf
        inner = self._inner(value)
        jacobian = -math.log(value) if self.kind in ON_LOGARITHM and value > 0 else 0.0
        return float(self._frozen.logpdf(inner)) + jacobian - math.log(self._mass)

    def slope(self, value: float) -> float:
        """The derivative of `log_density` by the parameter."""
        inner = self._inner(value)
        slope = self._family.slope(inner, *self._own)
        on_scale = scaled(value, self.scale)
        if self.kind in ON_LOGARITHM:
            slope = (slope - 1) / on_scale
        return slope * slope_of_scale(value, self.scale)

    def draw(self, uniform: float) -> float:
        """The value of the parameter below which a share of the prior lies."""
        low, high = self._tails
        inner = float(self._frozen.ppf(low + uniform * (high - low)))
        return unscaled(math.exp(inner) if self.kind in ON_LOGARITHM else inner, self.scale)

    @property
    def _family(self) -> Family:
        return FAMILIES[ON_LOGARITHM.get(self.kind, self.kind)]

    @property
    def _own(self) -> tuple[float, ...]:
        """The parameters of the distribution in which the density is worked out."""
        return tuple(map(math.log, self.parameters)) if self.kind == "log-uniform" else self.parameters

    @cached_property
    def _frozen(self) -> Any:
        return self._family.frozen(*self._own)

    def _inner(self, value: float) -> float:
        on_scale = scaled(value, self.scale)
        return scaled(on_scale, "log") if self.kind in ON_LOGARITHM else on_scale

    @cached_property
    def _tails(self) -> tuple[float, float]:
        return float(self._frozen.cdf(self._inner(self.lower))), float(self._frozen.cdf(self._inner(self.upper)))

    @cached_property
    def _mass(self) -> float:
        return self._tails[1] - self._tails[0]


_ANY = ("mean", "location", "lower", "upper")
"""Parameters of distributions that need not be positive."""
