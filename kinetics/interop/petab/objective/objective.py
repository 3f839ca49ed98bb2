"""The objective of a PEtab problem: log-likelihood, chi2, prior, simulations, and exact derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from kinetics.engines.dosing.integrating import Engine
from kinetics.engines.tolerances import Tolerances
from kinetics.errors import Faults
from kinetics.interop.petab.objective.noise import Noise, NoiseTerms
from kinetics.interop.petab.objective.plan import Plan
from kinetics.interop.petab.objective.readings import TOLERANCES, Reader, Readings
from kinetics.interop.petab.priors import Prior
from kinetics.text.suggestions import did_you_mean


@dataclass(frozen=True, eq=False)
class PetabValues:
    """The objective at given parameters.

    Parameters
    ----------
    llh, chi2, log_prior : float
        Log-likelihood, sum of squared normalised residuals, logarithm of the prior. If something cannot be simulated,
        the first is minus infinity and the second infinity.
    simulations, noise : ndarray, (measurement,)
        The observables at the measurements, in the units of these, and the scales of their noise.
    gradient, prior_gradient : ndarray, (parameter,)
        Derivatives of ``llh`` and ``log_prior`` by what is estimated, in its units; empty if not asked for.
    names : tuple of str
        What is estimated.
    failure : str
        Why something could not be simulated; empty if everything could.
    """

    llh: float
    chi2: float
    log_prior: float
    simulations: np.ndarray
    noise: np.ndarray
    gradient: np.ndarray
    prior_gradient: np.ndarray
    names: tuple[str, ...]
    failure: str = ""

    @property
    def log_posterior(self) -> float:
        """Log-likelihood plus logarithm of the prior, not normalised."""
        return self.llh + self.log_prior


class ResidualTerms(NamedTuple):
    """Normalised residuals and logarithms of the scale of the noise, with derivatives by what is estimated.

    Parameters
    ----------
    residuals, log_noise : ndarray, (measurement,)
        Dimensionless.
    residual_changes, log_noise_changes : ndarray, (measurement, parameter)
        Their derivatives, in one over the units of what is estimated.
    failure : str
        Why they are not finite; empty if they are.
    """

    residuals: np.ndarray
    log_noise: np.ndarray
    residual_changes: np.ndarray
    log_noise_changes: np.ndarray
    failure: str


@dataclass(frozen=True, eq=False)
class PetabObjective:
    """The objective of a problem.

    Parameters
    ----------
    plan : Plan
        The problem and its model.
    engine : {"batch", "scipy"}
        Which integrates.
    tolerances : Tolerances
        Error bounds of the states.

    Examples
    --------
    >>> objective = FitProblem.from_petab("my_problem.yaml").objective  # doctest: +SKIP
    >>> objective({"k1": 0.8}, gradient=True).llh  # doctest: +SKIP
    """

    plan: Plan
    engine: Engine = "batch"
    tolerances: Tolerances = TOLERANCES

    @property
    def names(self) -> tuple[str, ...]:
        """What is estimated, in the order of arrays."""
        return self.plan.estimated

    def vector(self, parameters: Mapping[str, float] | None = None) -> np.ndarray:
        """Values of what is estimated, (parameter,), not transformed: nominal ones, some of them replaced.

        Raises
        ------
        InputError
            If a name is not estimated, or neither a value nor a nominal one is there.
        """
        rows, faults = self.plan.problem.parameters, Faults()
        values = {name: rows[name].nominal for name in self.names}
        for name, value in (parameters or {}).items():
            if name not in values:
                faults.add(f"is not estimated{did_you_mean(name, values)}", name=name)
            values[name] = float(value)
        for name, value in values.items():
            if np.isnan(value):
                faults.add("has no nominal value: give one", name=name)
        faults.raise_if_any()
        return np.array([values[name] for name in self.names])

    def __call__(self, parameters: Mapping[str, float] | None = None, *, gradient: bool = False) -> PetabValues:
        """The objective at values by name, not transformed; what is not given has its nominal value."""
        return self.at(self.vector(parameters), gradient=gradient)

    def at(self, values: np.ndarray, *, gradient: bool = False) -> PetabValues:
        """The objective at values of what is estimated, (parameter,), not transformed."""
        readings, terms = self._read(values, gradient=gradient)
        prior, slopes = self._prior(values)
        total, failure = float(terms.llh.sum()), readings.failure
        if not failure and not np.isfinite(total):
            first = int(np.flatnonzero(~np.isfinite(terms.llh))[0])
            failure = f"{self.plan.problem.measurements[first].where}: the likelihood of the measurement is not finite"
        changes = terms.by_simulation @ readings.by_estimated[0] + terms.by_noise @ readings.by_estimated[1]
        return PetabValues(
            llh=-np.inf if failure else total,
            chi2=np.inf if failure else float(np.sum(terms.residuals**2)),
            log_prior=prior,
            simulations=readings.simulations,
            noise=readings.noise,
            gradient=changes,
            prior_gradient=slopes if gradient else changes,
            names=self.names,
            failure=failure,
        )

    def residuals(self, values: np.ndarray) -> ResidualTerms:
        """Residuals and scales of noise at values of what is estimated, with derivatives."""
        readings, terms = self._read(values, gradient=True)
        by_simulation, by_noise = readings.by_estimated
        changes = terms.residual_by_simulation[:, None] * by_simulation
        changes -= (terms.residuals / readings.noise)[:, None] * by_noise
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = np.log(readings.noise)
        is_finite = np.isfinite(terms.residuals).all() and np.isfinite(logarithm).all() and np.isfinite(changes).all()
        failure = readings.failure or ("" if is_finite else "a residual is not finite")
        return ResidualTerms(terms.residuals, logarithm, changes, by_noise / readings.noise[:, None], failure)

    def _read(self, values: np.ndarray, *, gradient: bool) -> tuple[Readings, NoiseTerms]:
        readings = self.reader.read(values, gradient=gradient)
        return readings, self.noise.terms(readings.simulations, readings.noise)

    def _prior(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        """The logarithm of the prior and its derivatives."""
        total, slopes = 0.0, np.zeros(values.size)
        for index, prior in self._priors:
            value = float(values[index])
            total += (density := prior.log_density(value))
            slopes[index] = prior.slope(value) if np.isfinite(density) else np.nan
        return total, slopes

    @cached_property
    def _priors(self) -> list[tuple[int, Prior]]:
        """The priors of those that have one, with their numbers."""
        rows = [self.plan.problem.parameters[name].prior for name in self.names]
        return [(index, prior) for index, prior in enumerate(rows) if prior is not None]

    @cached_property
    def reader(self) -> Reader:
        """What simulates."""
        return Reader(self.plan, self.engine, self.tolerances)

    @cached_property
    def noise(self) -> Noise:
        """The measurements and the distributions of their noise."""
        problem = self.plan.problem
        observables = [problem.observables[row.observable] for row in problem.measurements]
        return Noise(
            np.array([row.value for row in problem.measurements]),
            np.array([row.transformation for row in observables]),
            np.array([row.distribution == "laplace" for row in observables], dtype=bool),
        )
