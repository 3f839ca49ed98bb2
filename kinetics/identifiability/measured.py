"""The power series of everything that is measured, in all arms, at one random point."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np

from kinetics.errors import InputError
from kinetics.identifiability.dual import ZERO, constant, quotient
from kinetics.identifiability.expansion import Expansion, Start
from kinetics.identifiability.experiment import Experiment
from kinetics.identifiability.measured_arm import MeasuredArm
from kinetics.identifiability.points import random_point
from kinetics.identifiability.program import Program

__all__ = ["Measured"]


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
        """The matrix whose rank is asked for, (row, unknown), of Decimal: a row for each arm, output and order.

        Orders are ``first`` to ``order``. ``instead`` is an output or state that is measured, in every arm, instead of
        the arm's own outputs. An `InputError` if what is measured has no power series at the start.
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
