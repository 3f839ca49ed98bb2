"""A number that follows from the parameters of the typical patient alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinetics.published.kinds.quantity import Columns, OfExpression

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class Parameter(OfExpression):
    """An expression of parameters, inputs and what follows from them alone."""

    columns = Columns(("expression",))
    simulated = sampled = False

    def answer(self, patients: Patients | None = None) -> float:
        """The number of the cohort's values."""
        return self.derived.value(self.arm.model, self.arm.cohort.values)
