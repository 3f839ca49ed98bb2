"""What rules did in a simulation, as text and for a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from kinetics.measures.patient_statistics import censored_quantiles
from kinetics.regimen import Rule
from kinetics.regimen.dose import amount_text
from kinetics.reports.course import chosen_times, time_factor
from kinetics.text.lists import listed
from kinetics.text.numbers import number_text
from kinetics.text.tables import WIDTH, paragraph

LISTED = 20
"""Doses of one rule whose times are printed; further ones are counted."""
ENDS = (0.05, 0.5, 0.95)
"""Of patients."""


def triggered_text(result: xr.Dataset, rules: Sequence[Rule], width: int = WIDTH) -> str:
    """A paragraph a rule of the regimen: what it gave and when, and whether its cap kept it from acting again.

    Examples
    --------
    >>> rule = Rule("A", "1 mg/L", "drug_a", "12 mg", most=2)
    >>> doses = {"triggered_rule": ("trigger", [1, 1]), "triggered_time": ("trigger", [2.0, 9.5], {"units": "day"})}
    >>> capped = {"trigger_capped": ("rule", [1])}
    >>> result = xr.Dataset(doses | capped, {"time": ("time", [0.0, 10.0], {"units": "day"})})
    >>> print(triggered_text(result, [rule]))
    Doses given by rules
    rule 1: drug_a 12 mg at day 2.00, 9.50; its cap (at most 2) kept it from acting again
    """
    unit, _ = chosen_times(result)
    lines = ["Doses given by rules"]
    for number, rule in enumerate(rules, 1):
        doses = doses_text(result, number, rule, unit)
        lines.append(paragraph(f"rule {number}: {rule.drug} {amount_text(rule.amount)} {doses}", width))
    return "\n".join(lines)


def doses_text(result: xr.Dataset, number: int, rule: Rule, unit: str) -> str:
    """When a rule, by its number from 1, gave its doses, in a unit of time, and whether its cap was reached."""
    of_patients = "patient" in result.dims
    doses = (_doses_of_patients if of_patients else _doses_of_one)(result, number, unit)
    capped = _times_capped(result, number)
    among = f" in {capped} patients" if of_patients else ""
    return doses + (f"; its cap (at most {rule.most}) kept it from acting again{among}" if capped else "")


def triggered_json(result: xr.Dataset, rules: Sequence[Rule]) -> dict[str, Any]:
    """The same for a program, times in the unit of the result.

    For one patient ``triggers`` is a row a dose in order of time (``rule``, ``time``, ``drug``, ``amount``), and
    ``capped`` the numbers of the rules that would have acted again but for their cap. For patients ``triggers`` is a
    row a rule (``rule``, ``drug``, ``amount``; ``doses`` and ``first``, the time of the first dose of those who have
    one, each with ``median``, ``lower`` and ``upper``, 5 and 95 %; ``patients``, how many have one), and ``capped`` in
    how many patients its cap was reached, a row a rule (``rule``, ``patients``).
    """
    numbered = dict(enumerate(rules, 1))
    if "patient" not in result.dims:
        which, times = result["triggered_rule"].values.tolist(), result["triggered_time"].values.tolist()
        rows = [
            {"rule": number, "time": time, **_drug(numbered[number])}
            for number, time in zip(which, times, strict=True)
            if number
        ]
        return {"triggers": rows, "capped": [number for number in numbered if _times_capped(result, number)]}
    rows = []
    for number, rule in numbered.items():
        counts, first = _of_patients(result, number)
        numbers = {"doses": _summary(counts), "first": _summary(first), "patients": first.size}
        rows.append({"rule": number, **_drug(rule), **numbers})
    capped = [{"rule": number, "patients": _times_capped(result, number)} for number in numbered]
    return {"triggers": rows, "capped": capped}


def _drug(rule: Rule) -> dict[str, str]:
    return {"drug": rule.drug, "amount": amount_text(rule.amount)}


def _doses_of_one(result: xr.Dataset, number: int, unit: str) -> str:
    times = result["triggered_time"].values[result["triggered_rule"].values == number] * time_factor(result, unit)
    if not times.size:
        return "not given"
    return f"at {unit} {listed(map(number_text, times.tolist()), LISTED)}"


def _doses_of_patients(result: xr.Dataset, number: int, unit: str) -> str:
    counts, first = _of_patients(result, number)
    if not first.size:
        return "not given to anybody"
    low, middle, high = (f"{value:g}" for value in censored_quantiles(counts, ENDS))
    when = f"{unit} {number_text(float(np.median(first)) * time_factor(result, unit))}"
    had = f"{first.size} of {counts.size} who had any"
    return f"in median {middle} times [5 to 95 % of patients: {low} to {high}], first at median {when} in the {had}"


def _of_patients(result: xr.Dataset, number: int) -> tuple[np.ndarray, np.ndarray]:
    """How many doses of a rule each patient has who could be integrated, and the first times of those who have any."""
    integrated = result["failure"].values == ""
    doses = result["triggered_rule"].transpose("patient", "trigger").values[integrated] == number
    times = result["triggered_time"].transpose("patient", "trigger").values[integrated]
    dosed = doses.any(axis=1)
    return doses.sum(axis=1), times[dosed, doses[dosed].argmax(axis=1)]


def _summary(values: np.ndarray) -> dict[str, float | None]:
    """Of as many patients as there are; None if there are none."""
    quantiles = censored_quantiles(values, ENDS).tolist() if values.size else [None] * len(ENDS)
    return dict(zip(("lower", "median", "upper"), quantiles, strict=True))


def _times_capped(result: xr.Dataset, number: int) -> int:
    return int(result["trigger_capped"].isel(rule=number - 1).sum())
