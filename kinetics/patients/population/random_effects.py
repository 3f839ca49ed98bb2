"""How the patients of a cohort differ, as the random effects of a mixed effects model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
        pairs = zip(variability.names, variability.distributions, strict=True)
        kept = {name: one for name, one in pairs if not isinstance(one, Categories)}
        parameters = tuple(IndividualParameter(name, _transform(one)) for name, one in kept.items())
        blocks = correlated_blocks(list(kept), cohort)
        typical = {name: cohort.values[name] for name in kept}
        return cls(parameters, blocks, typical, variances_of(blocks, cohort.spreads, cohort))


def correlated_blocks(names: Sequence[str], cohort: CohortParameters) -> tuple[tuple[str, ...], ...]:
    """Parameters that a cohort correlates, directly or through others, together; each of the others alone."""
    block = {name: frozenset((name,)) for name in names}
    for one, other in cohort.correlations:
        if one in block and other in block:
            together = block[one] | block[other]
            block |= dict.fromkeys(together, together)
    return tuple(tuple(name for name in names if name in own) for own in dict.fromkeys(block.values()))


def variances_of(
    blocks: Iterable[Sequence[str]], spreads: Mapping[str, float], cohort: CohortParameters
) -> dict[str, float]:
    """Variances by name, and covariances within blocks as ``"A,B"``, with the correlations of a cohort."""
    variances: dict[str, float] = {}
    for block in blocks:
        for row, name in enumerate(block):
            for other in block[:row]:
                first, second = sorted((name, other))
                correlation = cohort.correlations.get((first, second), 0.0)
                variances[f"{name},{other}"] = correlation * spreads[name] * spreads[other]
            variances[name] = spreads[name] ** 2
    return variances


def _transform(distribution: Distribution) -> Transform:
    match distribution:
        case LogitNormal(minimum, maximum):
            return Logit(minimum, maximum)
        case Normal():
            return Identity()
        case _:
            return Logarithm()
