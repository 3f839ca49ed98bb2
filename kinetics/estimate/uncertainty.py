"""What the data say about each parameter: covariance, correlation, condition, and a verdict in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.estimate.objective import Objective

__all__ = ["Uncertainty", "uncertainty"]

INFORMED = 0.5
UNINFORMED = 0.9
WIDE = 1.0
STRONG = 0.9


@dataclass(frozen=True)
class Uncertainty:
    """The normal approximation about the optimum, on logarithms.

    Parameters
    ----------
    covariance : ndarray, (parameter, parameter)
        Inverse of J'J, J the Jacobian of residuals and priors; entries of parameters at a bound are zero.
    log_se : ndarray, (parameter,)
        Standard errors of the logarithms.
    correlation : ndarray, (parameter, parameter)
        Correlations.
    condition_number : float
        Of J'J scaled to a unit diagonal.
    verdicts : tuple of str
        One a parameter: ``estimated from the data``, ``from the data and the prior``, ``not identified: ...`` or ``at its lower (upper) bound``.
    warnings : tuple of str
        What a reader must know, in plain words.
    """

    covariance: np.ndarray
    log_se: np.ndarray
    correlation: np.ndarray
    condition_number: float
    verdicts: tuple[str, ...]
    warnings: tuple[str, ...]


def uncertainty(objective: Objective, log_parameters: np.ndarray) -> Uncertainty:
    """The uncertainty of estimates from the exact Jacobian at the optimum.

    Parameters
    ----------
    objective : Objective
        What was minimised.
    log_parameters : ndarray, (parameter,)
        The optimum.
    """
    jacobian = objective.residuals(log_parameters)[1]
    width = objective.upper - objective.lower
    at_lower = log_parameters - objective.lower < 1e-6 * width
    at_upper = objective.upper - log_parameters < 1e-6 * width
    inside = ~(at_lower | at_upper)
    information = jacobian[:, inside].T @ jacobian[:, inside]
    covariance = np.zeros((inside.size, inside.size))
    covariance[np.ix_(inside, inside)] = np.linalg.pinv(information, hermitian=True)
    # a direction the data do not see at all has no variance in a pseudo-inverse; its parameters are bounded by their box
    blind = np.zeros(inside.size, dtype=bool)
    blind[inside] = _blind(information)
    covariance[blind, blind] = (width[blind] / np.sqrt(12)) ** 2
    log_se = np.sqrt(np.diag(covariance))
    scale = np.where(log_se > 0, log_se, 1.0)
    verdicts = tuple(
        _verdict(objective, i, log_se[i], bool(at_lower[i]), bool(at_upper[i]), bool(blind[i])) for i in range(inside.size)
    )
    correlation = covariance / np.outer(scale, scale)
    return Uncertainty(
        covariance, log_se, correlation, _condition(information), verdicts, _warnings(objective, correlation, verdicts)
    )


def _blind(information: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(information)
    null = values <= 1e-12 * max(values.max(initial=0.0), 1e-300)
    return (np.abs(vectors[:, null]) > 0.1).any(axis=1)


def _condition(information: np.ndarray) -> float:
    if information.size == 0:
        return float("nan")
    root = np.sqrt(np.diag(information))
    scaled = information / np.outer(np.where(root > 0, root, 1), np.where(root > 0, root, 1))
    return float(np.linalg.cond(scaled))


def _verdict(objective: Objective, index: int, log_se: float, at_lower: bool, at_upper: bool, blind: bool) -> str:
    if at_lower or at_upper:
        return f"at its {'lower' if at_lower else 'upper'} bound"
    if blind:
        return "not identified: the data do not see it"
    if not objective.with_prior[index]:
        return "estimated from the data" if log_se < WIDE else "not identified: its standard error is a factor of e or more"
    ratio = log_se / objective.prior_sd[index]
    if ratio < INFORMED:
        return "estimated from the data"
    return "from the data and the prior" if ratio < UNINFORMED else "not identified: the prior alone"


def _warnings(objective: Objective, correlation: np.ndarray, verdicts: tuple[str, ...]) -> tuple[str, ...]:
    names = [free.name for free in objective.problem.free]
    found = []
    unidentified = [name for name, verdict in zip(names, verdicts, strict=True) if verdict.startswith("not identified")]
    if unidentified:
        found.append(f"these rows say nothing, or next to nothing, about {', '.join(unidentified)}: do not read their values as estimates")
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        if abs(correlation[i, j]) > STRONG:
            kind = "product" if correlation[i, j] < 0 else "ratio"
            found.append(f"{names[i]} and {names[j]} are correlated ({correlation[i, j]:+.2f}): the rows mostly determine their {kind}")
    rows = sum(not target.row.is_range for target in objective.problem.fitted)
    if rows == len(names) and not objective.with_prior.any():
        found.append(f"just identified: {rows} rows and {rows} parameters, so agreement with these rows is no test of the model")
    elif rows < len(names) and not objective.with_prior.all():
        found.append(f"{rows} rows for {len(names)} parameters, not all with a prior: the estimates are not unique")
    return tuple(found)
