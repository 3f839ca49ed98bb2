"""Values of the population: fixed effects, covariances, residual errors; by name, and as unconstrained coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from kinetics.errors import Fault, Faults, UnknownNameError
from kinetics.mixed_effects.model.random_effects import CovarianceBlocks

JACOBIAN_STEP = 1e-6


@dataclass(frozen=True, eq=False)
class PopulationValues:
    """Values of everything that a population estimate has.

    Parameters
    ----------
    fixed : ndarray, (fixed effect,)
        On the normal scales: typical values, and coefficients of covariates.
    individuals, occasions : ndarray, (effect, effect)
        Covariances of the random effects of individuals, and of occasions.
    residual : ndarray, (parameter,)
        Parameters of the residual errors.
    """

    fixed: np.ndarray
    individuals: np.ndarray
    occasions: np.ndarray
    residual: np.ndarray

    def random_covariance(self, n_occasions: int) -> np.ndarray:
        """The covariance of all random effects of an individual, (random effect, random effect)."""
        first, other = len(self.individuals), len(self.occasions)
        covariance = np.zeros((first + n_occasions * other,) * 2)
        covariance[:first, :first] = self.individuals
        for begin in range(first, len(covariance), other or 1):
            covariance[begin : begin + other, begin : begin + other] = self.occasions
        return covariance


@dataclass(frozen=True)
class Coordinates:
    """Unconstrained coordinates of population values: optimisers and standard errors use them.

    Fixed effects as they are, covariances as Cholesky factors with logarithms on the diagonal, residual errors as
    logarithms.

    Parameters
    ----------
    fixed, residual : tuple of str
        Their names.
    individuals, occasions : CovarianceBlocks
        The structures of the covariances.
    held : tuple of str, optional
        Names of fixed effects, entries of covariances and residual parameters that are not estimated.

    Raises
    ------
    UnknownNameError
        If a name that is held is none of ``all_names``.
    InputError
        If a part of a block of correlated random effects is held.
    """

    fixed: tuple[str, ...]
    individuals: CovarianceBlocks
    occasions: CovarianceBlocks
    residual: tuple[str, ...]
    held: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        faults = [
            Fault(f"there is no such value; there are {', '.join(self.all_names)}", "held", name)
            for name in self.held
            if name not in self.all_names
        ]
        if faults:
            raise UnknownNameError(*faults)
        self._check_blocks()

    def _check_blocks(self) -> None:
        """A Cholesky factor can hold one variance, or a whole block, and nothing between."""
        faults = Faults()
        for level, prefix in ((self.individuals, "var"), (self.occasions, "var_occasion")):
            for block in level.blocks:
                entries = {f"{prefix}({name})" for name in CovarianceBlocks((block,)).coordinate_names}
                if entries & {*self.held} and not entries <= {*self.held}:
                    faults.add(f"hold all of {', '.join(sorted(entries))}, or none", "held", ", ".join(block))
        faults.raise_if_any()

    @cached_property
    def all_names(self) -> tuple[str, ...]:
        """Every value: fixed effects, ``var(A,B)`` of individuals, ``var_occasion(A,B)``, residual parameters."""
        individuals = (f"var({name})" for name in self.individuals.coordinate_names)
        occasions = (f"var_occasion({name})" for name in self.occasions.coordinate_names)
        return (*self.fixed, *individuals, *occasions, *self.residual)

    @cached_property
    def free(self) -> np.ndarray:
        """Which coordinates are estimated, (value,)."""
        return np.array([name not in self.held for name in self.all_names])

    @property
    def all_free(self) -> Coordinates:
        """The same coordinates, of which none is held."""
        return replace(self, held=())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values that are estimated."""
        return tuple(name for name in self.all_names if name not in self.held)

    @cached_property
    def parts(self) -> tuple[slice, slice, slice, slice]:
        """Where fixed effects, the two covariances and residual parameters are among all coordinates."""
        blocks = (self.individuals.coordinate_names, self.occasions.coordinate_names)
        ends = np.cumsum([0, len(self.fixed), *(len(names) for names in blocks), len(self.residual)])
        one, two, three, four = (slice(int(ends[i]), int(ends[i + 1])) for i in range(4))
        return one, two, three, four

    def pack(self, values: PopulationValues) -> np.ndarray:
        """The free coordinates of values, (coordinate,)."""
        return self._all(values)[self.free]

    def unpack(self, coordinates: np.ndarray, base: PopulationValues) -> PopulationValues:
        """The values of free coordinates; those that are held are of ``base``."""
        everything = self._all(base)
        everything[self.free] = coordinates
        fixed, individuals, occasions, residual = (everything[part] for part in self.parts)
        return PopulationValues(
            fixed, self.individuals.covariance(individuals), self.occasions.covariance(occasions), np.exp(residual)
        )

    def natural(self, values: PopulationValues) -> np.ndarray:
        """The free values as they are reported, (value,): fixed effects on normal scales, variances, residuals."""
        pairs = ((self.individuals, values.individuals), (self.occasions, values.occasions))
        entries = (covariance[blocks.entries] for blocks, covariance in pairs)
        return np.concatenate([values.fixed, *entries, values.residual])[self.free]

    def natural_by_coordinate(self, values: PopulationValues) -> np.ndarray:
        """Derivatives of ``natural`` by the free coordinates, (value, coordinate)."""
        return self.jacobian(self.natural, values)

    def jacobian(self, function: Callable[[PopulationValues], np.ndarray], values: PopulationValues) -> np.ndarray:
        """Derivatives of a function of values by the free coordinates, on a last axis: central differences."""
        at = self.pack(values)
        columns = []
        for step in JACOBIAN_STEP * np.eye(at.size):
            above, below = (np.asarray(function(self.unpack(at + sign * step, values))) for sign in (1, -1))
            columns.append((above - below) / (2 * JACOBIAN_STEP))
        return np.stack(columns, axis=-1) if columns else np.empty((*np.shape(function(values)), 0))

    def named(self, values: PopulationValues) -> dict[str, float]:
        """Every free value by name, as ``natural`` has it."""
        return dict(zip(self.names, self.natural(values).tolist(), strict=True))

    def with_named(self, values: PopulationValues, named: Mapping[str, float]) -> PopulationValues:
        """Values in which some have other numbers; an `UnknownNameError` for a name that is none of them."""
        everything = self.all_free
        missing = [Fault("there is no such value", "values", name) for name in named if name not in self.all_names]
        if missing:
            raise UnknownNameError(*missing)
        numbers = {**everything.named(values), **named}
        fixed, individuals, occasions, residual = (np.array([*numbers.values()])[part] for part in everything.parts)
        return PopulationValues(
            fixed, _symmetric(self.individuals, individuals), _symmetric(self.occasions, occasions), residual
        )

    def _all(self, values: PopulationValues) -> np.ndarray:
        individuals = self.individuals.coordinates(values.individuals)
        occasions = self.occasions.coordinates(values.occasions)
        return np.concatenate([values.fixed, individuals, occasions, np.log(values.residual)])


def _symmetric(blocks: CovarianceBlocks, entries: np.ndarray) -> np.ndarray:
    matrix = np.zeros(blocks.pattern.shape)
    rows, columns = blocks.entries
    matrix[rows, columns] = matrix[columns, rows] = entries
    return matrix
