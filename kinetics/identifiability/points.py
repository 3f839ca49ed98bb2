"""Random values of all parameters near their own, at which a rank is almost surely what it is everywhere."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from kinetics.errors import InputError
from kinetics.model import Model
from kinetics.model.quantities import Parameter
from kinetics.model.ranges import out_of_range, range_of

__all__ = ["Point", "random_point"]

Point = list[dict[str, Fraction]]
"""For each arm the value of every parameter, input and unknown initial value, in the model's unit."""

TRIES = 200
NARROWER = 20
"""After so many points outside a declared range or minimum the spread is halved."""


def random_point(
    model: Model,
    values: Sequence[Mapping[str, float]],
    unknowns: Collection[str],
    held: Collection[str],
    seed: int,
) -> Point:
    """Multiply every parameter by a random rational near 1; an `InputError` if no such point is within the ranges.

    Inputs, and parameters that are zero and not asked for, stay as they are: a mechanism that is turned off stays off.
    A parameter has the same multiplier in every arm, and an unknown the same value. ``values`` are, for each arm, all
    parameters and inputs, and unknown initial values by their `start_name`; those ``held`` keep their own.
    """
    numbers = random.Random(seed)
    for attempt in range(TRIES):
        spread = Fraction(1, 4 * 2 ** (attempt // NARROWER))
        multipliers = {name: _near_one(numbers, spread, model.parameters.get(name), values) for name in values[0]}
        multipliers |= {name: Fraction(1) for name in (*model.inputs, *held)}
        shared = {name: _not_zero(model.parameters.get(name), values[0][name]) for name in unknowns}
        point = [_multiplied({**arm, **shared}, multipliers) for arm in values]
        if all(_admissible(model, arm) for arm in point):
            return point
    raise InputError(f"no random point near the values of model '{model.name}' is within its ranges and minima")


def _near_one(
    numbers: random.Random, spread: Fraction, parameter: Parameter | None, values: Sequence[Mapping[str, float]]
) -> Fraction:
    """A random multiplier that keeps a parameter within its range in every arm, if one is found."""
    for _ in range(TRIES):
        multiplier = 1 + spread * Fraction(numbers.randint(-9973, 9973), 9974)
        if parameter is None or not any(
            True for arm in values for _ in out_of_range(parameter, float(multiplier) * arm[parameter.name])
        ):
            return multiplier
    return Fraction(1)


def _not_zero(parameter: Parameter | None, value: float) -> float:
    """The value of an unknown; if it is zero, of which there is no logarithm, another in its range."""
    if value or parameter is None:
        return value or 1.0
    least, most = range_of(parameter)
    return (max(least, 0.0) + min(most, 2.0)) / 2 if most > 0 else max(least, -2.0) / 2


def _multiplied(values: Mapping[str, float], multipliers: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {name: Fraction(repr(float(value))) * multipliers[name] for name, value in values.items()}


def _admissible(model: Model, point: Mapping[str, Fraction]) -> bool:
    try:
        model.constant_values({name: float(value) for name, value in point.items()})
    except InputError:
        return False
    return True
