"""The power series of everything that is measured, in all arms, at one random point near the model's own values."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import numpy as np

from kinetics.errors import InputError
from kinetics.identifiability.expansion import Expansion, Start
from kinetics.identifiability.experiment import Experiment, MeasuredArm
from kinetics.identifiability.program import Program
from kinetics.identifiability.series import ZERO, constant, quotient
from kinetics.model import Model
from kinetics.model.quantities import Parameter
from kinetics.model.ranges import out_of_range, range_of

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
    """Multiply every parameter by a random rational near 1, within the ranges and minima of the model.

    Inputs, and parameters that are zero and not asked for, stay as they are: a mechanism that is turned off stays off.
    A parameter has the same multiplier in every arm, and an unknown the same value. ``values`` are for each arm those
    of all parameters and inputs, and of unknown initial values by their `start_name`; those ``held`` keep their own.
    `InputError` if no point in reach is within the ranges.
    """
    numbers = random.Random(seed)
    for attempt in range(TRIES):
        spread = Fraction(1, 4 * 2 ** (attempt // NARROWER))
        multipliers = {name: _near_one(numbers, spread, model.parameters.get(name), values) for name in values[0]}
        multipliers |= {name: Fraction(1) for name in (*model.inputs, *held)}
        shared = {name: _not_zero(model.parameters.get(name), values[0][name]) for name in unknowns}
        point = [
            {name: Fraction(repr(float(value))) * multipliers[name] for name, value in {**arm, **shared}.items()}
            for arm in values
        ]
        with suppress(InputError):  # a value is out of its range, or a derived quantity below its minimum
            for arm in point:
                model.constant_values({name: float(value) for name, value in arm.items()})
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


class Measured:
    """Derivatives of power series by the logarithms of the unknowns, at the random point of a seed."""

    def __init__(self, experiment: Experiment, seed: int) -> None:
        held = set().union(*(program.held for program in experiment.programs))
        point = random_point(experiment.model, experiment.values, experiment.leaves, held, seed)
        self._arms = [
            _ArmSeries(experiment, arm, program, values)
            for arm, program, values in zip(experiment.arms, experiment.programs, point, strict=True)
        ]
        self.values = np.array([_decimal(point[0][leaf]) for leaf in experiment.leaves], dtype=object)
        """(unknown,): where the point is."""

    @property
    def latest(self) -> int:
        """The order at which the last of all that ever moves began to, as far as the series were calculated."""
        return max(arm.latest for arm in self._arms)

    def rows(self, order: int, instead: str | None = None, *, first: int = 0) -> np.ndarray:
        """The matrix whose rank is asked for, (row, unknown), of Decimal: a row for each arm, output and order from
        ``first``.

        ``instead`` of the arms' own outputs an output or state is measured in every arm. `InputError` if what is
        measured has no power series at the start.
        """
        series = [row for arm in self._arms for row in arm.series(order, instead)]
        return np.concatenate([row[first : order + 1, 1:] for row in series])


class _ArmSeries:
    def __init__(
        self, experiment: Experiment, arm: MeasuredArm, program: Program, values: Mapping[str, Fraction]
    ) -> None:
        unknowns = len(experiment.leaves)
        leaves = {name: constant(_decimal(value), unknowns) for name, value in values.items()}
        for column, name in enumerate(experiment.leaves, 1):
            leaves[name][column] = leaves[name][0]  # by the logarithm
        jumps, inflows = arm.first_dose(experiment.model)
        self._arm = arm
        self._treated = Expansion(program, Start(leaves, jumps, inflows))
        self._before = Expansion(program, Start(leaves))

    @property
    def latest(self) -> int:
        return self._treated.latest

    def series(self, order: int, instead: str | None) -> list[np.ndarray]:
        self._treated.reach(order)
        names = self._arm.outputs if instead is None else (instead,)
        return [self._series(name) for name in dict.fromkeys(names)]

    def _series(self, name: str) -> np.ndarray:
        series = self._treated.coefficients(name)
        if series is None:
            raise InputError(f"'{name}' {self._treated.why_not(name)}")
        if name not in self._arm.relative:
            return series
        self._before.reach(0)
        before = self._before.coefficients(name)
        if before is None or before[0, 0] == ZERO:
            raise InputError(f"'{name}' is zero or undefined before treatment, so nothing is a share of it")
        return np.stack([quotient(row, before[0]) for row in series])


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
