"""How the patients of a cohort differ, as the random effects of a mixed effects model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System
from kinetics.mixed_effects import Identity, IndividualParameter, Logarithm, Logit
from kinetics.mixed_effects.model.transforms import Transform
from kinetics.population.distributions import Categories, Distribution, LogitNormal, Normal
from kinetics.population.variability import Variability


@dataclass(frozen=True, eq=False)
class CohortRandomEffects:
    """The parameters in which the patients of a cohort differ. Make it with `of`.

    Parameters
    ----------
    parameters : tuple of IndividualParameter
        By flat name, each with the scale on which it is normal.
    blocks : tuple of tuple of str
        Those that are correlated stand together.
    typical : dict of str to float
        Typical values, in the units of the model.
    variances : dict of str to float
        On the normal scales: variances by name, covariances by ``"A,B"``.
    """

    parameters: tuple[IndividualParameter, ...]
    blocks: tuple[tuple[str, ...], ...]
    typical: dict[str, float]
    variances: dict[str, float]

    @classmethod
    def of(cls, system: System, cohort: CohortParameters) -> CohortRandomEffects:
        """Those of a cohort. A parameter of categories is none: it keeps its typical value."""
        variability = Variability.of(system, cohort)
        correlations = variability.root @ variability.root.T
        pairs = zip(variability.names, variability.distributions, strict=True)
        kept = [index for index, (_, one) in enumerate(pairs) if not isinstance(one, Categories)]
        names = [variability.names[index] for index in kept]
        deviations = np.array([cohort.spreads[name] for name in names])
        covariance = correlations[np.ix_(kept, kept)] * np.outer(deviations, deviations)
        parameters = tuple(
            IndividualParameter(name, _transform(variability.distributions[index]))
            for name, index in zip(names, kept, strict=True)
        )
        n_blocks, labels = connected_components(covariance != 0, directed=False)
        blocks = tuple(
            tuple(name for name, own in zip(names, labels, strict=True) if own == block) for block in range(n_blocks)
        )
        variances = {
            name if name == other else f"{name},{other}": float(covariance[row, column])
            for row, name in enumerate(names)
            for column, other in enumerate(names[: row + 1])
            if covariance[row, column]
        }
        return cls(parameters, blocks, {name: cohort.values[name] for name in names}, variances)


def _transform(distribution: Distribution) -> Transform:
    match distribution:
        case LogitNormal(minimum, maximum):
            return Logit(minimum, maximum)
        case Normal():
            return Identity()
        case _:
            return Logarithm()
