"""The rows of one study, which are of the same patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kinetics.observation.distribution import ObservedDistribution, Scalar
from kinetics.observation.normal import log_density_of_normals
from kinetics.published.likelihoods.summary import Evaluation, Summary


def log_likelihood(evaluations: Sequence[Evaluation], joint: np.ndarray | None) -> Any:
    r"""Of all published numbers of a study.

    Each row keeps its own formula; what rows have to do with each other comes from normal theory,

    .. math:: \ln L = \sum_r \ln L_r + \ln N(e; 0, \Sigma) - \sum_r \ln N(e_r; 0, \Sigma_{rr}),

    which is exact for normal rows, and the sum of the rows where they are independent, as without ``joint``.
    """
    total = sum(one.log_likelihood for one in evaluations)
    if joint is None or not np.isfinite(np.real(total)):
        return total
    alone = sum(log_density_of_normals(one.error, one.variance) for one in evaluations)
    return total + log_density_of_normals(np.concatenate([one.error for one in evaluations]), joint) - alone


def covariance(
    rows: Sequence[tuple[Summary, ObservedDistribution]],
    evaluations: Sequence[Evaluation],
    *,
    independent: bool = False,
) -> np.ndarray:
    r"""The covariance of the errors of all rows of a study, (number, number), from the simulated population.

    A study's error is a mean of influences of its patients, so that rows :math:`r, q` of :math:`n_r` and :math:`n_q`
    of the same patients, the fewer among the more, have the covariance :math:`E[\psi_r \psi_q]/\max(n_r, n_q)`. The
    expectation is over patients, of influences averaged over the noise: measurements at different visits, and of
    different outputs, have noise of their own. Rows of the same recovery share its outcome too. What two rows share of
    the noise of one count, or of one baseline, is left out. Where a row counts a share :math:`c` of patients, the study
    has :math:`n/c`. Rows of one recovery have the same `ObservedDistribution`; ``independent`` gives zero between rows.
    (Influence functions: Hampel 1974, doi 10.1080/01621459.1974.10482962.)
    """
    sizes = [one.error.size for one in evaluations]
    ends = np.cumsum([0, *sizes])
    joint = np.zeros((ends[-1], ends[-1]), dtype=np.result_type(*_numbers(evaluations)))
    for r, (first, (summary, observed)) in enumerate(zip(evaluations, rows, strict=True)):
        block = slice(ends[r], ends[r + 1])
        joint[block, block] = first.variance
        for q in range(0 if independent else r):
            second, (other, also_observed) = evaluations[q], rows[q]
            if first.influence is None or second.influence is None or summary.n is None or other.n is None:
                continue
            other_block = slice(ends[q], ends[q + 1])
            if observed is also_observed and observed.outcomes is not None:
                assert first.influence.by_outcome is not None
                assert second.influence.by_outcome is not None
                product = (first.influence.by_outcome.T * observed.outcomes) @ second.influence.by_outcome
            else:
                product = (
                    first.influence.of_patients.T @ second.influence.of_patients / len(first.influence.of_patients)
                )
            patients = _patients(summary.n, observed), _patients(other.n, also_observed)
            joint[block, other_block] = product / max(patients, key=np.real)
            joint[other_block, block] = joint[block, other_block].T
    return joint


def _numbers(evaluations: Sequence[Evaluation]) -> list[np.ndarray]:
    influences = [one.influence.of_patients for one in evaluations if one.influence is not None]
    return [*(one.variance for one in evaluations), *influences]


def _patients(n: int, observed: ObservedDistribution) -> Scalar:
    """Of a study that counts n of them."""
    return n / (observed.counted + 1e-300)
