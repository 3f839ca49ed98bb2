"""`Variability`: the parameters in which the patients of a cohort differ, from normal deviates to values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System
from kinetics.errors import Faults, InputError
from kinetics.model.correlations import correlation_matrix
from kinetics.model.quantities import Parameter
from kinetics.model.ranges import out_of_range
from kinetics.population.distributions import Distribution, distribution_of
from kinetics.population.seeds import checked_seed

SAMPLINGS = ("random", "quasi")
BITS = 30
"""Of a coordinate of a Sobol point: so many points there are to the power of 2."""


@dataclass(frozen=True, eq=False)
class Variability:
    """How the patients of a cohort differ; make one with `Variability.of`.

    ``names`` are the parameters that vary, ``columns`` their indices in ``system.parameters``, (name,), and
    ``distributions`` how each follows its deviate. ``root``, (name, name), is the lower Cholesky factor of the
    correlation matrix of the deviates.
    """

    names: tuple[str, ...]
    columns: np.ndarray = field(repr=False)
    distributions: tuple[Distribution, ...] = field(repr=False)
    root: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, system: System, cohort: CohortParameters) -> Variability:
        """The variability of a cohort; an `InputError` if a typical value is one that its distribution cannot have."""
        rows = {name: row for name in system.parameters if (row := _row(system, cohort, name)) is not None}
        faults = Faults()
        for name, row in rows.items():
            for message in out_of_range(row, row.value):
                faults.add(message, name=name)
        faults.raise_if_any()
        columns = np.array([system.parameters.index(name) for name in rows], dtype=int)
        root = np.linalg.cholesky(correlation_matrix(rows, cohort.correlations))
        return cls(tuple(rows), columns, tuple(map(distribution_of, rows.values())), root)

    def deviates(self, patients: int, seed: int, *, first: int = 0, sampling: str = "random") -> np.ndarray:
        """Standard normal deviates of virtual patients, (patient, name), correlated as the cohort declares.

        The row of a patient depends on the seed and its number alone, not on how many there are; ``first`` is the
        number of the first. They are independent (``random``), or patient k is point k of a scrambled Sobol sequence,
        whose means converge faster (``quasi``). An `InputError` if the seed is negative, or there is no such sampling.
        """
        check_sampling(seed, sampling)
        size = len(self.names)
        if sampling == "quasi":
            return self.correlated(_sobol(patients, size, seed, first))
        rows = [patient_generator(seed, number).standard_normal(size) for number in range(first, first + patients)]
        return self.correlated(np.array(rows).reshape(patients, size))

    def correlated(self, independent: np.ndarray) -> np.ndarray:
        """Deviates, (patient, name), from independent ones."""
        deviates = independent.copy()
        for row in np.flatnonzero(np.tril(self.root, -1).any(axis=1)):
            # no product of matrices: the sums of one patient would then depend on how many there are
            terms = [self.root[row, column] * independent[:, column] for column in np.flatnonzero(self.root[row])]
            deviates[:, row] = sum(terms)
        return deviates

    def table(self, typical: np.ndarray, spreads: np.ndarray, deviates: np.ndarray) -> np.ndarray:
        """Parameters of patients, (patient, parameter), in the units of the model.

        ``typical``, (parameter,), are of all parameters; those that do not vary are the same for everybody.
        ``spreads``, (name,), are of those that vary, as a cohort has them; 0 for categories. ``deviates``, (patient,
        name), are standard normal.
        """
        table = np.tile(np.asarray(typical, dtype=float), (len(deviates), 1))
        for index, (column, distribution) in enumerate(zip(self.columns, self.distributions, strict=True)):
            z = np.ascontiguousarray(deviates[:, index])
            table[:, column] = distribution.value(float(typical[column]), float(spreads[index]), z)
        return table

    def slopes(self, typical: np.ndarray, spreads: np.ndarray, deviates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of each parameter that varies by its own typical value and by its own spread.

        Arguments are those of `table`. Both results are (patient, name), and 0 for categories.
        """
        by_typical, by_spread = np.empty_like(deviates), np.empty_like(deviates)
        for index, (column, distribution) in enumerate(zip(self.columns, self.distributions, strict=True)):
            z = np.ascontiguousarray(deviates[:, index])
            both = distribution.slopes(float(typical[column]), float(spreads[index]), z)
            by_typical[:, index], by_spread[:, index] = both
        return by_typical, by_spread


def check_sampling(seed: int, sampling: str) -> None:
    """Refuse what is no seed, and an unknown way of sampling."""
    if sampling not in SAMPLINGS:
        raise InputError(f"unknown sampling '{sampling}'; there are {', '.join(SAMPLINGS)}")
    checked_seed(seed)


def patient_generator(seed: int, patient: int) -> np.random.Generator:
    """A patient's own random numbers."""
    return np.random.default_rng(np.random.SeedSequence((seed, patient)))


def _row(system: System, cohort: CohortParameters, name: str) -> Parameter | None:
    """A parameter as the cohort has it; None if it does not vary."""
    spread, shares = cohort.spreads.get(name), cohort.shares.get(name)
    if not spread and shares is None:
        return None
    varies: dict[str, Any] = {"spread": spread, "shares": shares, "distribution": cohort.distributions.get(name)}
    return replace(system.model.parameters[name], value=cohort.values[name], **varies)


def _sobol(patients: int, size: int, seed: int, first: int) -> np.ndarray:
    """Normal quantiles of points ``first`` and following of a scrambled Sobol sequence, (patient, name).

    The sequence: I. M. Sobol, doi:10.1016/0041-5553(67)90144-9. The scrambling: J. Matousek,
    doi:10.1006/jcom.1998.0489.
    """
    from scipy.stats import qmc

    if first + patients > 2**BITS:
        raise InputError(f"a Sobol sequence has {2**BITS} points; ask for fewer patients, or random ones")
    if not size or not patients:
        return np.zeros((patients, size))
    sequence = qmc.Sobol(size, scramble=True, bits=BITS, rng=np.random.default_rng(seed))
    if first:
        sequence.fast_forward(first)
    # the first point alone: SciPy warns when the first call asks for a number of points that is no power of 2
    head = sequence.random(1)
    points = np.concatenate([head, sequence.random(patients - 1)]) if patients > 1 else head
    # a point is the lower corner of its cell: its middle is never at the boundary, where the quantile is infinite
    return ndtri(points + 0.5 ** (BITS + 1))
