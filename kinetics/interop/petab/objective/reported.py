"""An objective that reports each of its evaluations, for who watches a search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinetics.interop.petab.objective.objective import PetabObjective, PetabValues, ResidualTerms


def _unreported(_: float) -> None:
    return


@dataclass(frozen=True, eq=False)
class ReportedObjective(PetabObjective):
    """The objective of a problem, which calls ``report`` with what each evaluation gives.

    Parameters
    ----------
    report : callable
        Called with the log posterior; of `residuals`, which say nothing of it, with NaN.
    """

    report: Callable[[float], None] = _unreported

    def at(self, values: np.ndarray, *, gradient: bool = False) -> PetabValues:
        """As of `PetabObjective`."""
        found = super().at(values, gradient=gradient)
        self.report(found.log_posterior)
        return found

    def residuals(self, values: np.ndarray) -> ResidualTerms:
        """As of `PetabObjective`."""
        found = super().residuals(values)
        self.report(float("nan"))
        return found
