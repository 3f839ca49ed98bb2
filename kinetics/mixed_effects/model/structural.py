"""The protocol between estimation and a structural model, and a structural model of a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

STEP = 1e-30
"""The imaginary step of a derivative: its square vanishes beside any real part (doi 10.1137/S003614459631241X)."""


class StructuralModel(Protocol):
    """Predictions for many individuals in one call.

    A call has lanes. A lane is an individual, by its index in the `Observations`, with parameters of its own; the same
    individual may be in many lanes. Each lane has a prediction for each observation of its individual, in their order;
    predictions beyond the last observation of an individual may be any finite number.
    """

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the individual parameters."""
        ...

    def predict(self, individuals: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation), at parameters, (lane, occasion, parameter), of individuals, (lane,)."""
        ...

    def linearise(self, individuals: np.ndarray, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions, and their exact derivatives, (lane, observation, occasion, parameter)."""
        ...


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """A structural model of a formula, which gets exact derivatives by a complex step.

    Parameters
    ----------
    parameters : tuple of str
        The names of the individual parameters.
    formula : callable
        ``formula(inputs, parameters)`` gives predictions, (lane, observation). It takes two mappings by name: inputs of
        the lanes, and parameters, (lane, observation), each at the occasion of its observation. It must accept complex
        parameters, and compare their real parts only.
    inputs : mapping of str to ndarray, (individual, ...)
        Times, doses and whatever else the formula needs, by individual.
    occasions : ndarray of int, (individual, observation)
        The occasion of each observation. A prediction depends on the parameters of its own occasion alone.

    Examples
    --------
    >>> times = np.array([[0.0, 1.0, 2.0]])
    >>> decay = ClosedForm(("k",), lambda x, p: np.exp(-p["k"] * x["t"]), {"t": times}, np.zeros((1, 3), dtype=int))
    >>> values, jacobian = decay.linearise(np.array([0]), np.array([[[0.5]]]))
    >>> values.round(3), jacobian[0, 1:, 0, 0].round(3)
    (array([[1.   , 0.607, 0.368]]), array([-0.607, -0.736]))
    """

    parameters: tuple[str, ...]
    formula: Callable[[Mapping[str, np.ndarray], Mapping[str, Any]], np.ndarray]
    inputs: Mapping[str, np.ndarray]
    occasions: np.ndarray

    def predict(self, individuals: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation), at parameters, (lane, occasion, parameter), of individuals, (lane,)."""
        return self.formula(self._inputs(individuals), self._by_name(individuals, parameters))

    def linearise(self, individuals: np.ndarray, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions, and their exact derivatives, (lane, observation, occasion, parameter)."""
        inputs, by_name = self._inputs(individuals), self._by_name(individuals, parameters)
        occasions = self.occasions[individuals]
        jacobian = np.zeros((*occasions.shape, *parameters.shape[1:]))
        lane, observation = np.indices(occasions.shape)
        values = np.empty(occasions.shape)
        for index, name in enumerate(self.parameters):
            stepped = self.formula(inputs, {**by_name, name: by_name[name] + 1j * STEP})
            values = np.real(stepped)
            jacobian[lane, observation, occasions, index] = np.imag(stepped) / STEP
        return values, jacobian

    def _inputs(self, individuals: np.ndarray) -> dict[str, np.ndarray]:
        return {name: value[individuals] for name, value in self.inputs.items()}

    def _by_name(self, individuals: np.ndarray, parameters: np.ndarray) -> dict[str, np.ndarray]:
        occasions = self.occasions[individuals]
        if parameters.shape[1] == 1:
            at = np.broadcast_to(parameters, (*occasions.shape, parameters.shape[2]))
        else:
            at = np.take_along_axis(parameters, occasions[:, :, None], axis=1)
        return dict(zip(self.parameters, np.moveaxis(at, -1, 0), strict=True))
