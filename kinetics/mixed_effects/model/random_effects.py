"""Covariance of random effects in blocks, and its unconstrained coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.errors import Fault, InputError


@dataclass(frozen=True)
class CovarianceBlocks:
    """Random effects of one level: those of a block are correlated, those of different blocks are not.

    Parameters
    ----------
    blocks : tuple of tuple of str
        The parameters of each block.

    Raises
    ------
    InputError
        If a parameter is in two blocks.

    Examples
    --------
    >>> CovarianceBlocks((("ka",), ("CL", "V"))).coordinate_names
    ('ka,ka', 'CL,CL', 'V,CL', 'V,V')
    """

    blocks: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        faults = [
            Fault("the parameter is in two blocks of random effects", "between", name)
            for name in sorted({name for name in self.names if self.names.count(name) > 1})
        ]
        if faults:
            raise InputError(*faults)

    @classmethod
    def of(cls, blocks: Sequence[str | Sequence[str]]) -> CovarianceBlocks:
        """Blocks of names; a name alone is a block of one."""
        return cls(tuple((block,) if isinstance(block, str) else tuple(block) for block in blocks))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters in order."""
        return tuple(name for block in self.blocks for name in block)

    @cached_property
    def pattern(self) -> np.ndarray:
        """Which covariances are free, (effect, effect)."""
        block = np.repeat(np.arange(len(self.blocks)), [len(one) for one in self.blocks])
        return block[:, None] == block[None, :]

    @cached_property
    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the free entries of the lower triangle."""
        rows, columns = np.nonzero(np.tril(self.pattern))
        return rows, columns

    @property
    def coordinate_names(self) -> tuple[str, ...]:
        """The names of the free entries of the lower triangle."""
        return tuple(f"{self.names[i]},{self.names[j]}" for i, j in zip(*self.entries, strict=True))

    def coordinates(self, covariance: np.ndarray) -> np.ndarray:
        """The lower Cholesky factor, its diagonal as logarithms, (entry,)."""
        if not self.names:
            return np.zeros(0)
        rows, columns = self.entries
        factor = np.linalg.cholesky(covariance)[rows, columns]
        return np.where(rows == columns, np.log(np.where(rows == columns, factor, 1.0)), factor)

    def covariance(self, coordinates: np.ndarray) -> np.ndarray:
        """The covariance of coordinates, (effect, effect)."""
        rows, columns = self.entries
        factor = np.zeros(self.pattern.shape)
        factor[rows, columns] = np.where(
            rows == columns, np.exp(np.where(rows == columns, coordinates, 0)), coordinates
        )
        return factor @ factor.T
