"""What numbers of a fit must be before they are its estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinetics.errors import Faults

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates


def check_estimates(estimates: Estimates) -> None:
    """Refuse shapes that do not agree, numbers that are not finite, and a covariance that is none."""
    faults, size, earlier = Faults(), len(estimates.names), len(estimates.earlier)
    if not size:
        faults.add("there are no estimates", name="estimates")
    for values, name in ((estimates.values, "estimates"), (estimates.earlier_values, "response.at")):
        if not (np.isfinite(values).all() and (values > 0).all()):
            faults.add("must be positive and finite", name=name)
    if estimates.earlier_values.shape != (earlier,):
        faults.add(f"needs {earlier} values, one for each name in 'given'", name="response.at")
    if estimates.response.shape != (size, earlier) or not np.isfinite(estimates.response).all():
        faults.add(f"must be {size} rows of {earlier} finite numbers", name="response.log")
    if estimates.covariance.shape != (size, size) or not np.isfinite(estimates.covariance).all():
        faults.add(f"must be {size} rows of {size} finite numbers", name="covariance.log")
    elif not _is_covariance(estimates.covariance):
        faults.add("is no covariance: not symmetric, or with a negative variance", name="covariance.log")
    faults.raise_if_any()


def _is_covariance(matrix: np.ndarray) -> bool:
    size = float(np.abs(matrix).max(initial=0.0))
    return np.allclose(matrix, matrix.T, rtol=0, atol=1e-8 * size) and np.linalg.eigvalsh(matrix)[0] >= -1e-6 * size
