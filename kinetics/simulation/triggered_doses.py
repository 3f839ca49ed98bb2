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


def rules_text(triggers: Triggers) -> str:
    """The rules in words, numbered."""
    return "; ".join(f"{number}: {rule}" for number, rule in enumerate(triggers.rules, 1))


def triggered_variables(
    model: Model, triggers: Triggers, doses: TriggeredDoses, dim: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables and coordinates of the doses that rules gave, (run, ...), whose runs are along ``dim`` if any.

    ``triggered_time``, ``triggered_rule`` and ``triggered_amount`` are on (..., trigger), NaN or 0 behind the last, and
    ``trigger_capped`` is on (..., rule). Amounts of drugs whose units differ in dimension are apart, one variable a
    drug, ``triggered_amount_DRUG``.
    """
    lead: tuple[str, ...] = () if dim is None else (dim,)
    times, rules, capped = doses.arrays if dim else (array[0] for array in doses.arrays)
    by_dose, by_rule = (*lead, "trigger"), (*lead, "rule")
    attrs = {"long_name": "rule that gave the dose, or 0", "rules": rules_text(triggers)}
    cap = {"long_name": "1 if the rule would have acted once more but for its cap"}
    data = {
        "triggered_time": variable(by_dose, times, model.time, "time of a dose given by a rule"),
        "triggered_rule": xr.Variable(by_dose, rules, attrs),
        **_amounts(model, triggers, rules, by_dose),
        "trigger_capped": xr.Variable(by_rule, capped.astype(np.int8), cap),
    }
    coords = {
        "trigger": xr.Variable(("trigger",), np.arange(1, triggers.size + 1), {"long_name": "dose given by a rule"}),
        "rule": xr.Variable(("rule",), np.arange(1, len(triggers) + 1), {"long_name": "rule"}),
    }
    return data, coords


def _amounts(model: Model, triggers: Triggers, rules: np.ndarray, dims: tuple[str, ...]) -> dict[str, xr.Variable]:
    """The amounts of doses, one variable for all drugs if their units have one dimension, else one a drug."""
    units = [model.doses[rule.drug].unit for rule in triggers.rules]
    amounts, long_name = np.concatenate([[np.nan], triggers.amounts]), "amount of a dose given by a rule"
    if all(unit.dimensionality == units[0].dimensionality for unit in units):
        factors = np.array([1.0, *(float(conversion(unit, units[0])) for unit in units)])
        return {"triggered_amount": variable(dims, (amounts * factors)[rules], units[0], long_name)}
    variables = {}
    for drug in dict.fromkeys(rule.drug for rule in triggers.rules):
        values = np.where([True, *(rule.drug == drug for rule in triggers.rules)], amounts, np.nan)[rules]
        variables[f"triggered_amount_{drug}"] = variable(dims, values, model.doses[drug].unit, f"{long_name}, {drug}")
    return variables


def cap_warnings(result: xr.Dataset, rules: Sequence[Any]) -> list[str]:
    """One line for each rule of the regimen that its cap kept from acting again."""
    if not rules:
        return []
    capped = result["trigger_capped"].values.reshape(-1, len(rules))
    lines = []
    for number, (rule, count) in enumerate(zip(rules, capped.sum(axis=0, dtype=int).tolist(), strict=True), 1):
        if count:
            among = f" in {count} of {len(capped)}" if len(capped) > 1 else ""
            lines.append(f"cap reached{among}: rule {number} ({rule}) would act again; raise its 'most' if it should")
    return lines
