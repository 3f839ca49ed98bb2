"""Residual errors, one kind for each analyte: the standard deviation of an observation at its prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.errors import Fault, UnknownNameError

TINY = 1e-100
"""A standard deviation is at least this, so that a prediction of zero with a proportional error has a likelihood."""

Gradient = tuple[np.ndarray, np.ndarray, list[np.ndarray]]
"""A standard deviation, its derivative by the prediction, and those by each parameter."""


@dataclass(frozen=True)
class ResidualError:
    """A kind of residual error.

    Parameters
    ----------
    parameters : tuple of str
        ``a`` has the unit of the observation (none if ``is_logarithmic``), ``b`` is a ratio.
    deviation : callable
        From predictions and parameters to standard deviations and their derivatives.
    is_logarithmic : bool, optional
        Whether the error is of the logarithm of the observation.
    """

    parameters: tuple[str, ...]
    deviation: Callable[..., Gradient]
    is_logarithmic: bool = False


def _additive(f: np.ndarray, a: float) -> Gradient:
    one = np.ones_like(f)
    return a * one, 0.0 * one, [one]


def _proportional(f: np.ndarray, b: float) -> Gradient:
    return b * np.abs(f), b * np.sign(f), [np.abs(f)]


def _combined1(f: np.ndarray, a: float, b: float) -> Gradient:
    return a + b * np.abs(f), b * np.sign(f), [np.ones_like(f), np.abs(f)]


def _combined2(f: np.ndarray, a: float, b: float) -> Gradient:
    sd = np.maximum(np.hypot(a, b * f), TINY)
    return sd, b * b * f / sd, [a / sd, b * f * f / sd]


RESIDUAL_ERRORS = {
    "additive": ResidualError(("a",), _additive),
    "proportional": ResidualError(("b",), _proportional),
    "combined1": ResidualError(("a", "b"), _combined1),
    "combined2": ResidualError(("a", "b"), _combined2),
    "lognormal": ResidualError(("a",), _additive, is_logarithmic=True),
}
r"""By name, at a prediction :math:`f`: additive :math:`a`; proportional :math:`b|f|`; combined1 :math:`a + b|f|`;
combined2 :math:`\sqrt{a^2 + b^2 f^2}`; lognormal :math:`a`, of the logarithm of the observation."""


@dataclass(frozen=True)
class ResidualErrors:
    """The residual errors of all analytes.

    Parameters
    ----------
    kinds : mapping of str to str
        The name of the residual error, by analyte, in the order of the observations' analytes.

    Raises
    ------
    UnknownNameError
        If a kind is not one of `RESIDUAL_ERRORS`.

    Examples
    --------
    >>> errors = ResidualErrors({"plasma": "combined1", "urine": "proportional"})
    >>> errors.names
    ('plasma:a', 'plasma:b', 'urine:b')
    """

    kinds: Mapping[str, str]

    def __post_init__(self) -> None:
        faults = [
            Fault(f"{kind!r} is no residual error; there are {', '.join(RESIDUAL_ERRORS)}", "residual", analyte)
            for analyte, kind in self.kinds.items()
            if kind not in RESIDUAL_ERRORS
        ]
        if faults:
            raise UnknownNameError(*faults)

    @cached_property
    def errors(self) -> tuple[ResidualError, ...]:
        """The kind of each analyte."""
        return tuple(RESIDUAL_ERRORS[kind] for kind in self.kinds.values())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters, ``analyte:parameter``."""
        pairs = zip(self.kinds, self.errors, strict=True)
        return tuple(f"{analyte}:{parameter}" for analyte, error in pairs for parameter in error.parameters)

    @cached_property
    def is_logarithmic(self) -> np.ndarray:
        """Whether the error of an analyte is of logarithms, (analyte,)."""
        return np.array([error.is_logarithmic for error in self.errors])

    def deviations(
        self, analyte: np.ndarray, f: np.ndarray, residual: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Standard deviations at predictions, their derivatives by the prediction and, (..., parameter), by parameters.

        ``analyte`` and ``f`` have one shape; ``residual`` is (parameter,) in the order of ``names``.
        """
        sd, by_prediction = np.ones_like(f), np.zeros_like(f)
        by_parameter = np.zeros((*f.shape, residual.size))
        begin = 0
        for index, error in enumerate(self.errors):
            of_analyte, end = analyte == index, begin + len(error.parameters)
            own, slope, gradient = error.deviation(f, *residual[begin:end])
            np.copyto(sd, np.maximum(own, TINY), where=of_analyte)
            np.copyto(by_prediction, slope, where=of_analyte)
            for column, derivative in enumerate(gradient, begin):
                np.copyto(by_parameter[..., column], derivative, where=of_analyte)
            begin = end
        return sd, by_prediction, by_parameter
