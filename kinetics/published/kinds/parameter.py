"""A number that follows from the parameters of the typical patient alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kinetics.published.derived import DerivedNumber
from kinetics.published.kinds.quantity import Columns, Quantity

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class Parameter(Quantity):
    """An expression of parameters, inputs and what follows from them alone."""

    columns = Columns(("expression",))
    simulated = False

    def own_unit(self) -> Any:
        """That of the expression."""
        self.derived = DerivedNumber.read(str(self.row.expression), self.arm.model)
        return self.derived.unit

    def answer(self, patients: Patients | None = None) -> float:
        """The number of the cohort's values."""
        return self.derived.value(self.arm.model, self.arm.cohort.values)
