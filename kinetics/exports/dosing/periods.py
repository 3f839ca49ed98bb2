"""Doses as periods of an experiment: what is set, at which time, so that the model itself has no event."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from kinetics.exports.dosing.additions import Additions, symbol
from kinetics.exports.formats.infix import SBML, infix
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

    def of(self, plan: Segments, values: Mapping[str, float]) -> dict[float, Changes]:
        """What a regimen sets, by the time at which it does.

        At the start a formula may have no name but those that are estimated; the others have these ``values``.
        """
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
                    before = changes.get(state) or (state if time else self._start(state, values))
                    changes[state] = f"{before} + {parts.in_unit_of_state(drug, bolus)!r}"
            if changes:
                periods[time] = changes
        return periods

    def _start(self, state: str, values: Mapping[str, float]) -> str:
        """The initial value of a state."""
        model, held = self._parts.model, {symbol(name): sp.Float(value) for name, value in values.items()}
        return infix(model.written_out(model.states[state].initial).xreplace(held), SBML)

    def _inflow(self, drug: str) -> str:
        if drug not in self._inflows:
            self._inflows[drug] = self._parts.set_inflow(f"inflow_{drug}", drug).name
        return self._inflows[drug]
