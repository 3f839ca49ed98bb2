"""Doses as periods of an experiment: what is set, at which time, so that the model itself has no event."""

from __future__ import annotations

from kinetics.interop.exports.additions import Additions
from kinetics.regimen import Segments

Changes = dict[str, str]
"""By what is set: the formula of its value."""


class DosePeriods:
    """Turns the doses of any number of regimens into periods of one model.

    A bolus is added to the state of its drug; the rate of an infusion is a parameter, which flows into that state.

    Parameters
    ----------
    parts : Additions
        What is added to the model; the rates of infusions join it.
    """

    def __init__(self, parts: Additions) -> None:
        self._parts = parts
        self._inflows: dict[str, str] = {}

    def of(self, plan: Segments) -> dict[float, Changes]:
        """What a regimen sets, by the time at which it does."""
        parts, running = self._parts, dict.fromkeys(plan.drugs, 0.0)
        periods: dict[float, Changes] = {}
        for number, time in enumerate(plan.edges[:-1].tolist()):
            changes: Changes = {}
            for drug, rate, bolus in zip(
                plan.drugs, plan.rates[number].tolist(), plan.boluses[number].tolist(), strict=True
            ):
                if rate != running[drug]:
                    changes[self._inflow(drug)] = repr(parts.in_unit_of_state(drug, rate))
                    running[drug] = rate
                if bolus:
                    state = parts.into(drug).name
                    changes[state] = f"{changes.get(state, state)} + {parts.in_unit_of_state(drug, bolus)!r}"
            if changes:
                periods[time] = changes
        return periods

    def _inflow(self, drug: str) -> str:
        if drug not in self._inflows:
            self._inflows[drug] = self._parts.set_inflow(f"inflow_{drug}", drug).name
        return self._inflows[drug]
