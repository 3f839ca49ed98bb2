"""`MeasuredArm`: who is measured, under which first dose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kinetics.errors import Faults
from kinetics.model import Model
from kinetics.regimen import Regimen, segments
from kinetics.units import to_unit

__all__ = ["MeasuredArm"]


@dataclass(frozen=True)
class MeasuredArm:
    """Patients of the same values under the same regimen, and what is measured in them.

    `kinetics.published.Arm` is what is simulated and needs a cohort. These equations are only expanded about the first
    dose, so that a model without a cohort has an arm too.

    Parameters
    ----------
    outputs : sequence of str
        Outputs or states of the model, or the ratio ``A/B`` of two, supposed to be known at all times without error.
    regimen : Regimen
        Only its first dose counts.
    values : mapping of str to float, optional
        All parameters and inputs by flat name, in the model's units; the model's own without it.
    relative : collection of str
        Those of ``outputs`` that are known only as a share of their value before treatment.

    Examples
    --------
    >>> MeasuredArm(["A"], relative=["A"]).text("adults")
    'A as a share of its value before treatment, without a dose, cohort adults'
    """

    outputs: Sequence[str]
    regimen: Regimen = field(default_factory=Regimen.none)
    values: Mapping[str, float] | None = None
    relative: Collection[str] = ()

    def all_values(self, model: Model) -> Mapping[str, float]:
        """The values of all parameters and inputs, by flat name, in the model's units."""
        return model.defaults if self.values is None else self.values

    def text(self, cohort: str | None = None) -> str:
        """What is measured, after which dose, in whom."""
        names = [
            f"{name} as a share of its value before treatment" if name in self.relative else name
            for name in self.outputs
        ]
        dose = f"after the first dose of {self.regimen.name}" if self.regimen.doses else "without a dose"
        return f"{', '.join(names)}, {dose}" + (f", cohort {cohort}" if cohort else "")

    def check(self, model: Model, faults: Faults) -> None:
        """Note what does not fit the model."""
        if not self.outputs:
            faults.add("names no output to measure", name="outputs")
        for name in self.outputs:
            for part in name.split("/"):
                with faults.gather(name="outputs"):
                    model.quantity(part)
        for name in set(self.relative) - set(self.outputs):
            faults.add(f"'{name}' is not among the outputs", name="relative")
        with faults.gather(name="regimen"):
            self.first_dose(model)

    def first_dose(self, model: Model) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """By state, in the model's units: the jumps by boluses, and the inflows by infusions, of the first dose.

        Raises
        ------
        InputError
            If the regimen's drugs or amounts do not fit the model.
        """
        units = {name: dose.unit for name, dose in model.doses.items()}
        last = max((dose.end for dose in self.regimen.doses), default=None)
        until = 1.0 if last is None else float(to_unit(last, model.time)) + 1.0
        cut = segments(self.regimen, units, model.time, until)
        into = [dose.into for dose in model.doses.values()]
        for boluses, rates in zip(cut.boluses, cut.rates, strict=True):
            if boluses.any() or rates.any():
                return _by_state(into, boluses), _by_state(into, rates)
        return {}, {}


def _by_state(into: Sequence[str], amounts: Collection[float]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for state, amount in zip(into, amounts, strict=True):
        if amount:
            totals[state] = totals.get(state, Decimal(0)) + Decimal(repr(float(amount)))
    return totals
