"""What rules gave, as variables of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.model import Model
from kinetics.regimen import Triggers
from kinetics.results import variable
from kinetics.units import conversion

__all__ = ["cap_warnings", "rules_text", "triggered_variables"]


def rules_text(triggers: Triggers) -> str:
    """The rules in words, numbered."""
    return "; ".join(f"{number}: {rule}" for number, rule in enumerate(triggers.rules, 1))


def triggered_variables(
    model: Model, triggers: Triggers, fired: TriggeredDoses, dims: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables and coordinates of the doses that rules gave.

    Parameters
    ----------
    model : Model
        What was simulated.
    triggers : Triggers
        The rules.
    fired : TriggeredDoses
        What they did; its leading axes are ``dims``.
    dims : tuple of str
        ``("patient",)``, ``("draw",)`` or nothing.

    Returns
    -------
    (dict, dict)
        ``triggered_time``, ``triggered_rule`` and ``triggered_amount`` on (..., trigger), NaN or 0 behind the last, and
        ``trigger_capped`` on (..., rule). Amounts of drugs whose units differ in dimension are apart, one variable a
        drug, ``triggered_amount_DRUG``.
    """
    along, which = (*dims, "trigger"), fired.rules
    attrs = {"long_name": "rule that gave the dose, or 0", "rules": rules_text(triggers)}
    data = {
        "triggered_time": variable(along, fired.times, model.time, "time of a dose given by a rule"),
        "triggered_rule": xr.Variable(along, which, attrs),
        **{name: variable(along, values, unit, told) for name, values, unit, told in _amounts(model, triggers, which)},
        "trigger_capped": xr.Variable(
            (*dims, "rule"),
            fired.capped.astype(np.int8),
            {"long_name": "1 if the rule would have acted once more but for its cap"},
        ),
    }
    coords = {
        "trigger": xr.Variable(("trigger",), np.arange(1, triggers.size + 1), {"long_name": "dose given by a rule"}),
        "rule": xr.Variable(("rule",), np.arange(1, len(triggers) + 1), {"long_name": "rule"}),
    }
    return data, coords


def _amounts(model: Model, triggers: Triggers, which: np.ndarray) -> list[tuple[str, np.ndarray, Any, str]]:
    """Name, values, unit and long name of each variable of amounts."""
    units = [model.doses[rule.drug].unit for rule in triggers.rules]
    amounts, long_name = np.concatenate([[np.nan], triggers.amounts]), "amount of a dose given by a rule"
    if all(unit.dimensionality == units[0].dimensionality for unit in units):
        factors = np.array([1.0, *(float(conversion(unit, units[0])) for unit in units)])
        return [("triggered_amount", (amounts * factors)[which], units[0], long_name)]
    return [
        (
            f"triggered_amount_{drug}",
            np.where([True, *(rule.drug == drug for rule in triggers.rules)], amounts, np.nan)[which],
            model.doses[drug].unit,
            f"{long_name}, {drug}",
        )
        for drug in dict.fromkeys(rule.drug for rule in triggers.rules)
    ]


def cap_warnings(result: xr.Dataset, rules: Sequence[Any]) -> list[str]:
    """One line for each rule that its cap kept from acting again.

    Parameters
    ----------
    result : xarray.Dataset
        With ``trigger_capped``.
    rules : sequence of Rule
        Those of its regimen.
    """
    capped = result["trigger_capped"].values.reshape(-1, len(rules))
    lines = []
    for number, (rule, count) in enumerate(zip(rules, capped.sum(axis=0, dtype=int).tolist(), strict=True), 1):
        if count:
            among = f" in {count} of {len(capped)}" if len(capped) > 1 else ""
            lines.append(f"cap reached{among}: rule {number} ({rule}) would act again; raise its 'most' if it should")
    return lines
