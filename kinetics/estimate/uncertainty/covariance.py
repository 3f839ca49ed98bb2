"""What the data say about each parameter: covariance, correlation, condition, and a verdict in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.estimate.search import AnyObjective
from kinetics.published import NORMAL_95

ESTIMATED = "estimated from the data"

LOOSE = "loosely determined by the data: the 95 % interval spans a factor of 3 or more"

SPAN = float(np.log(3.0))
"""How wide, on the logarithm, the 95 % interval of an estimate is at most."""

INFORMED = 0.5
"""Below this share of the prior's standard deviation the data decide."""

UNINFORMED = 0.9
"""Above this share the prior does."""

WIDE = 1.0
"""A log standard error from which a parameter is not identified."""

STRONG = 0.9
"""A correlation worth a warning."""

FAR_FROM_PRIOR = 2.0
"""Standard deviations of the prior from which it is said to disagree with the data."""

UNSEEN = 1e-12
"""A direction of less information than this share of the best-known one is not seen by the data."""

AT_BOUND = 1e-6
"""An estimate closer to a bound than this share of its range is at the bound."""


@dataclass(frozen=True)
class Uncertainty:
    """The normal approximation about the optimum, on logarithms.

    ``covariance``, (parameter, parameter), is the inverse of J'J, J the Jacobian of residuals and priors; entries of
    parameters at a bound are zero, and a combination that the data do not see varies as widely as the bounds allow.
    ``condition_number`` is that of J'J scaled to a unit diagonal. A verdict is ``estimated from the data``, ``loosely
    determined by the data: ...``, ``from the data and the prior``, ``not identified: ...`` or ``at its lower (upper)
    bound``.
    """

    covariance: np.ndarray
    log_se: np.ndarray
    correlation: np.ndarray
    condition_number: float
    verdicts: tuple[str, ...]
    warnings: tuple[str, ...]


def uncertainty(objective: AnyObjective, log_parameters: np.ndarray) -> Uncertainty:
    """The uncertainty of estimates from the exact Jacobian at the optimum, given by its logarithms, (parameter,).

    `IntegrationError` if the model cannot be integrated there.
    """
    jacobian = objective.residuals(log_parameters).jacobian
    width = objective.upper - objective.lower
    at_lower = log_parameters - objective.lower < AT_BOUND * width
    at_upper = objective.upper - log_parameters < AT_BOUND * width
    inside = ~(at_lower | at_upper)
    information = jacobian[:, inside].T @ jacobian[:, inside]
    covariance = np.zeros((inside.size, inside.size))
    covariance[np.ix_(inside, inside)], unseen = _covariance(information, width[inside])
    blind = np.zeros(inside.size, dtype=bool)
    blind[inside] = unseen
    log_se = np.sqrt(np.diag(covariance))
    scale = np.where(log_se > 0, log_se, 1.0)
    correlation = covariance / np.outer(scale, scale)
    verdicts = []
    for index in range(inside.size):
        if not inside[index]:
            verdicts.append(f"at its {'lower' if at_lower[index] else 'upper'} bound")
        elif blind[index]:
            verdicts.append(_blind_verdict(np.linalg.norm(jacobian, axis=0), index))
        else:
            verdicts.append(_verdict(float(log_se[index]), float(objective.prior_sd[index])))
    numbers = len(jacobian) - int(objective.with_prior.sum())
    warnings = (
        *_warnings(objective, correlation, verdicts, numbers),
        *_conflicts(objective, log_parameters),
    )
    return Uncertainty(covariance, log_se, correlation, _condition(information), tuple(verdicts), warnings)


def _covariance(information: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of the information, and which parameters it does not bound.

    Along a direction that the data do not see, the covariance is that of a normal as wide as the box: width^2/12 for
    one parameter.
    """
    values, vectors = np.linalg.eigh(information)
    bounded = values > UNSEEN * max(values.max(initial=0.0), np.finfo(float).tiny)
    covariance = (vectors[:, bounded] / values[bounded]) @ vectors[:, bounded].T
    null = vectors[:, ~bounded]
    covariance += null @ np.linalg.inv(null.T @ np.diag(12 / width**2) @ null) @ null.T
    return covariance, np.any(np.abs(null) > 0.1, axis=1)


def _condition(information: np.ndarray) -> float:
    if information.size == 0:
        return float("nan")
    root = np.sqrt(np.diag(information))
    scale = np.where(root > 0, root, 1)
    return float(np.linalg.cond(information / np.outer(scale, scale)))


def _blind_verdict(sizes: np.ndarray, index: int) -> str:
    """What to say of a parameter in a direction the data do not see, given the size of each column of the Jacobian."""
    if sizes[index] <= np.sqrt(UNSEEN) * sizes.max(initial=0.0):
        return "not identified: the data do not see it"
    return "not identified: the data see it only together with another"


def of_width(width: float) -> str:
    """The verdict on a parameter that the data determine, by the width of the 95 % interval of its logarithm.

    >>> of_width(0.5), of_width(4.0)
    ('estimated from the data', 'not identified: known to no better than a factor of e')
    """
    if width >= 2 * NORMAL_95 * WIDE:
        return "not identified: known to no better than a factor of e"
    return ESTIMATED if width < SPAN else LOOSE


def _verdict(log_se: float, prior_sd: float) -> str:
    ratio = log_se / prior_sd
    if ratio < INFORMED:
        return of_width(2 * NORMAL_95 * log_se)
    return "from the data and the prior" if ratio < UNINFORMED else "not identified: the prior alone"


def _conflicts(objective: AnyObjective, log_parameters: np.ndarray) -> list[str]:
    """Estimates that the data drew far from the middle of their prior, which still holds them back."""
    distances = (log_parameters - objective.start) / objective.prior_sd
    return [
        f"{free.name} lies {abs(distance):.1f} standard deviations from the middle of its prior, {free.start:.3g}: "
        "the data and the prior disagree"
        for free, distance in zip(objective.problem.free, distances, strict=True)
        if abs(distance) > FAR_FROM_PRIOR
    ]


def _warnings(
    objective: AnyObjective, correlation: np.ndarray, verdicts: Sequence[str], numbers: int
) -> tuple[str, ...]:
    names = [free.name for free in objective.problem.free]
    warnings = []
    unidentified = [name for name, verdict in zip(names, verdicts, strict=True) if verdict.startswith("not identified")]
    if unidentified:
        warnings.append(
            f"these rows say nothing, or next to nothing, about {', '.join(unidentified)}: "
            "do not read their values as estimates"
        )
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        if abs(correlation[i, j]) > STRONG:
            pair, kind = f"{names[i]} and {names[j]}", "product" if correlation[i, j] < 0 else "ratio"
            warnings.append(f"{pair} are correlated ({correlation[i, j]:+.2f}): the rows mostly determine their {kind}")
    rows = numbers - sum(target.row.is_range for target in objective.problem.fitted)
    all_estimated = all(verdict == ESTIMATED for verdict in verdicts)
    if rows == len(names) and not objective.with_prior.any() and all_estimated:
        warnings.append(
            f"just identified: {rows} rows and {rows} parameters, so agreement with these rows is no test of the model"
        )
    elif rows < (flat := int((~objective.with_prior).sum())):
        warnings.append(f"{rows} rows for {flat} parameters without a prior: the estimates are not unique")
    return tuple(warnings)
