"""Individual parameters: typical values, covariates and random effects, linear on the normal scale of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from kinetics.errors import Faults
from kinetics.mixed_effects.model.transforms import Logarithm, Transform


@dataclass(frozen=True)
class IndividualParameter:
    """A parameter that each individual has a value of.

    Parameters
    ----------
    name : str
        The name, as the structural model has it.
    transform : Transform, optional
        To the scale on which it is normal; log-normal if left out.
    covariates : tuple of str, optional
        The covariates that are added on that scale, each with a coefficient ``name:covariate``.
    """

    name: str
    transform: Transform = field(default_factory=Logarithm)
    covariates: tuple[str, ...] = ()

    @property
    def fixed(self) -> tuple[str, ...]:
        """The names of its fixed effects: the typical value, and coefficients."""
        return (self.name, *(f"{self.name}:{covariate}" for covariate in self.covariates))


@dataclass(frozen=True, eq=False)
class ParameterModel:
    r"""How individual parameters follow from fixed and random effects.

    On its normal scale, a parameter of individual i at occasion k is
    :math:`\phi_{ik} = X_{ik}\beta + Z_k b_i`, with :math:`b_i = (\eta_i, \kappa_{i1}, \ldots, \kappa_{iK})`.

    Parameters
    ----------
    parameters : sequence of IndividualParameter
        In the order of the structural model.
    covariates : mapping of str to ndarray
        (individual,), or (individual, occasion) for one that changes between occasions. Centre them: a typical value
        is that of an individual whose covariates are 0.
    between_individuals, between_occasions : sequence of str
        The parameters that have a random effect of the individual, and of the occasion.
    n_individuals, n_occasions : int
        Numbers of both.

    Raises
    ------
    InputError
        For a covariate that is not there, is not finite or has another shape; for a random effect of no parameter.
    """

    parameters: Sequence[IndividualParameter]
    covariates: Mapping[str, np.ndarray]
    between_individuals: Sequence[str]
    between_occasions: Sequence[str]
    n_individuals: int
    n_occasions: int

    def __post_init__(self) -> None:
        faults, names = Faults(), [one.name for one in self.parameters]
        for name in {*self.between_individuals, *self.between_occasions} - {*names}:
            faults.add("a random effect of a parameter that the model does not have", "between", name)
        shapes = ((self.n_individuals,), (self.n_individuals, self.n_occasions))
        for covariate in sorted({name for one in self.parameters for name in one.covariates}):
            values = self.covariates.get(covariate)
            if values is None:
                faults.add("there is no such covariate", "covariates", covariate)
            elif np.shape(values) not in shapes:
                faults.add(f"the shape is {np.shape(values)}; it must be {shapes[0]} or {shapes[1]}", name=covariate)
            elif not np.isfinite(values).all():
                faults.add("a value is not a finite number", "covariates", covariate)
        faults.raise_if_any()

    @cached_property
    def fixed(self) -> tuple[str, ...]:
        """The names of the fixed effects."""
        return tuple(name for one in self.parameters for name in one.fixed)

    @cached_property
    def design(self) -> np.ndarray:
        """X: the fixed effects in each parameter, (individual, occasion, parameter, fixed effect)."""
        columns = iter(range(len(self.fixed)))
        design = np.zeros((self.n_individuals, self.n_occasions, len(self.parameters), len(self.fixed)))
        for row, one in enumerate(self.parameters):
            design[:, :, row, next(columns)] = 1.0
            for covariate in one.covariates:
                values = np.asarray(self.covariates[covariate], dtype=float)
                design[:, :, row, next(columns)] = values[:, None] if values.ndim == 1 else values
        return design

    @cached_property
    def random_design(self) -> np.ndarray:
        """Z: the random effects in each parameter, (occasion, parameter, random effect)."""
        names = [one.name for one in self.parameters]
        first, others = len(self.between_individuals), len(self.between_occasions)
        design = np.zeros((self.n_occasions, len(names), first + self.n_occasions * others))
        for column, name in enumerate(self.between_individuals):
            design[:, names.index(name), column] = 1.0
        for occasion in range(self.n_occasions):
            for column, name in enumerate(self.between_occasions):
                design[occasion, names.index(name), first + occasion * others + column] = 1.0
        return design

    @cached_property
    def flat_random_design(self) -> np.ndarray:
        """Z of all occasions, (occasion and parameter, random effect)."""
        return self.random_design.reshape(self.n_occasions * len(self.parameters), self.random_design.shape[2])

    def normal(self, fixed: np.ndarray, random: np.ndarray, individuals: np.ndarray) -> np.ndarray:
        """φ: parameters of lanes on the normal scale, (lane, occasion, parameter)."""
        return self.design[individuals] @ fixed + np.tensordot(random, self.random_design, axes=(1, 2))

    def natural(self, normal: np.ndarray) -> np.ndarray:
        """Parameters, same shape."""
        return self._by_parameter("inverse", normal)

    def slope(self, normal: np.ndarray) -> np.ndarray:
        """Derivatives of parameters by their value on the normal scale, same shape."""
        return self._by_parameter("inverse_slope", normal)

    def _by_parameter(self, method: str, normal: np.ndarray) -> np.ndarray:
        columns = (getattr(one.transform, method)(normal[..., i]) for i, one in enumerate(self.parameters))
        return np.stack([*columns], axis=-1)
