"""Counts that no patient has, because their unit is wrong: compared with the typical patient of the model."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import sympy as sp

from kinetics.errors import Faults
from kinetics.expressions import evaluate
from kinetics.model import Model
from kinetics.patients.conversion.counts import Count, by_output
from kinetics.text.numbers import number_text
from kinetics.units import Unit, conversion, parse_unit, written_unit

FACTOR = 50.0
"""How many times the typical patient's count before treatment is no count but a mistake in the unit."""
_UNITS = ("cells/uL", "1e9/L", "1e6/L", "1e12/L", "mg/L", "ug/L", "ng/L", "g/L", "ng/mL", "umol/L", "nmol/L", "mmol/L")
"""What laboratories report in, to name a unit that would be right."""


def baselines(model: Model) -> dict[str, float]:
    """Each output of the typical patient before treatment, in its unit, by the values of the model file."""
    values = {sp.Symbol(name, real=True): value for name, value in model.defaults.items()}
    constants = model.constant_values(model.defaults)
    values |= {model.definitions[name].symbol: value for name, value in constants.items()}
    values |= {state.symbol: evaluate(state.initial, values) for state in model.states.values()}
    for name in model.order:
        row = model.definitions[name]
        if row.symbol not in values:
            values[row.symbol] = evaluate(row.value, values)
    return {name: float(values[row.symbol]) for name, row in model.outputs.items()}


def check_plausible(counts: Sequence[Count], model: Model, faults: Faults) -> None:
    """Note counts that no patient has: many times, or a tiny part of, the typical patient's before treatment.

    Few cells are what a treatment leaves, so that counts are too small only if all of an analyte are.
    """
    rest = baselines(model)
    for output, own in by_output(counts).items():
        baseline, unit = rest[output], model.outputs[output].unit
        values = [count.value for count in own if count.value > 0]
        if not baseline > 0 or not values:
            continue
        large = [count for count in own if count.value > FACTOR * baseline]
        if len(large) > len(own) / 2:
            _report(large, own, median(count.value for count in large), baseline, unit, faults)
        elif max(values) < baseline / FACTOR and len(values) > 2:
            _report(own, own, max(values), baseline, unit, faults)
        else:
            for count in large:
                _report([count], own, count.value, baseline, unit, faults)


def _report(
    wrong: Sequence[Count], own: Sequence[Count], value: float, baseline: float, unit: Unit, faults: Faults
) -> None:
    """One fault of an implausible unit, of one row or of most of an analyte, with the unit that would be right."""
    entry, shown = wrong[0].entry, written_unit(unit)
    written = entry.unit or f"{shown} (no unit is stated)"
    times = value / baseline
    far = f"{number_text(times)} times" if times > 1 else f"1/{number_text(1 / times)} of"
    who = f"{len(wrong)} of {len(own)} values, such as this, are" if len(wrong) > 1 else "is"
    right = _right_unit(value / wrong[0].value * entry.number.value if wrong[0].value else 0, baseline, unit)
    hint = f"{entry.number.value:g} {right} would be plausible; correct the unit" if right else "check value and unit"
    message = f"'{entry.analyte}' of {entry.number.value:g} in {written}: {who} about {far} the typical patient's"
    faults.add(f"{message} {number_text(baseline)} {shown} before treatment; {hint}", entry.where, entry.heading)


def _right_unit(number: float, baseline: float, unit: Unit) -> str:
    """The unit of laboratories in which a number is nearest to a baseline, if that is within the factor."""
    same = [text for text in _UNITS if parse_unit(text).dimensionality == unit.dimensionality]
    scaled = {text: number * float(conversion(parse_unit(text), unit)) / baseline for text in same}
    near = {text: max(ratio, 1 / ratio) for text, ratio in scaled.items() if ratio > 0}
    best = min(near, key=near.__getitem__, default="")
    return best if best and near[best] <= FACTOR else ""
