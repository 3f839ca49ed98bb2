r"""A prior of population values: what another population says, weighted as so many individuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.mixed_effects.model.population_values import Coordinates, PopulationValues


@dataclass(frozen=True, eq=False)
class PopulationPrior:
    r"""A normal prior of fixed effects, and an inverse Wishart prior of the covariance between individuals.

    Minus twice its log density, but for a constant, is
    :math:`(\beta-\beta_0)^T P (\beta-\beta_0) + n_0 [\log|\Omega| + \operatorname{tr}(\Omega^{-1}\Omega_0)]`: the
    covariance of :math:`n_0` further individuals is :math:`\Omega_0`. The mode of the prior is at its centre.

    Parameters
    ----------
    fixed : ndarray, (fixed effect,)
        Centre of the fixed effects, on the normal scales.
    precision : ndarray, (fixed effect, fixed effect)
        Inverse covariance; zero for a fixed effect without a prior.
    individuals : ndarray, (effect, effect)
        Centre of the covariance between individuals.
    weight : float
        The number of individuals that it counts for.
    """

    fixed: np.ndarray
    precision: np.ndarray
    individuals: np.ndarray
    weight: float

    def penalty(self, values: PopulationValues) -> float:
        """Minus twice the log density, but for a constant."""
        difference = values.fixed - self.fixed
        _, log_determinant = np.linalg.slogdet(values.individuals)
        trace = np.trace(np.linalg.solve(values.individuals, self.individuals))
        return float(difference @ self.precision @ difference + self.weight * (log_determinant + trace))

    def information(self, coordinates: Coordinates, values: PopulationValues) -> np.ndarray:
        """The Fisher information of all coordinates, held ones too, (coordinate, coordinate): as of ``weight`` more."""
        everything = coordinates.all_free
        fixed, individuals, _, _ = everything.parts
        change = everything.jacobian(lambda one: one.individuals, values)[..., individuals]
        relative = np.linalg.solve(values.individuals, np.moveaxis(change, -1, 0))
        information = np.zeros((len(everything.all_names),) * 2)
        information[fixed, fixed] = self.precision
        information[individuals, individuals] = 0.5 * self.weight * np.einsum("kab,lba->kl", relative, relative)
        return information
