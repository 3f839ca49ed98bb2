"""The solution of a model as a power series in time, with its derivatives by the unknowns, order by order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException, getcontext
from typing import Any

import numpy as np
import sympy as sp

from kinetics.errors import InputError
from kinetics.identifiability.program import Condition, Program, Step, differences
from kinetics.identifiability.series import ZERO, constant, exponential, logarithm, power, product, summed, total


@dataclass(frozen=True)
class Start:
    """What happens at time zero."""

    leaves: Mapping[str, np.ndarray]
    """Every parameter, input and unknown initial value, (1 + unknown,)."""
    jumps: Mapping[str, Decimal] = field(default_factory=dict)
    """What a bolus adds to a state at once."""
    inflows: Mapping[str, Decimal] = field(default_factory=dict)
    """What an infusion adds to a state per unit of time."""


CAPACITY = 16
"""Coefficients that a series can hold at first; it is doubled when it is full."""


class _SwitchedError(Exception):
    """A comparison was taken for equal and is not just after time zero."""


class Expansion:
    """Power series of every step of a program from a start."""

    def __init__(self, program: Program, start: Start) -> None:
        self._program, self._start = program, start
        self._unknowns = len(next(iter(start.leaves.values()))) - 1
        self._series = [_zeros(1 if step.constant else CAPACITY, self._unknowns) for step in program.steps]
        self._signs: dict[int, int] = {}
        self._settled: set[int] = set()
        self._broken: dict[int, str] = {}
        self._moved: dict[int, int] = {}
        self._order = -1

    @property
    def latest(self) -> int:
        """The order at which the last of all that ever moves began to; 0 if nothing does."""
        return max(self._moved.values(), default=0)

    def reach(self, order: int) -> None:
        """Calculate coefficients up to this order.

        Raises an `InputError` if a max, min, abs or piecewise has no side that holds just after time zero.
        """
        while self._order < order:
            try:
                self._calculate(self._order + 1)
            except _SwitchedError:  # what was calculated before belongs to another branch
                self._order = -1
                for known in (self._settled, self._broken, self._moved):
                    known.clear()
            else:
                self._order += 1

    def coefficients(self, name: str) -> np.ndarray | None:
        """The series of what is measured, (order + 1, 1 + unknown); None if it has none at the start."""
        index = self._program.measured[name]
        if index in self._broken:
            return None
        if self._program.steps[index].constant:
            return np.concatenate([self._series[index], _zeros(self._order, self._unknowns)])
        return self._series[index][: self._order + 1]

    def why_not(self, name: str) -> str:
        """Why there is no power series of what is measured."""
        return self._broken.get(self._program.measured[name], "")

    def _calculate(self, k: int) -> None:
        for index, step in enumerate(self._program.steps):
            if index in self._broken or (step.constant and k > 0):
                continue
            used = self._used(step)
            broken = next((self._broken[other] for other in used if other in self._broken), None)
            if broken is not None:
                self._broken[index] = broken
                continue
            if k >= len(self._series[index]):
                self._series[index] = np.concatenate([self._series[index], _zeros(k, self._unknowns)])
            try:
                self._series[index][k] = self._coefficient(index, step, k)
            except DecimalException:
                self._broken[index] = (
                    f"has no power series at the start: {_SINGULAR[step.operation]}; "
                    "give a bolus, another cohort, or an unknown initial value"
                )
            else:
                if k > 0 and index not in self._moved and (self._series[index][k] != ZERO).any():
                    self._moved[index] = k

    def _used(self, step: Step) -> tuple[int, ...]:
        """The steps without which there is none; which branch of a choice counts is not known before its condition."""
        match step.operation:
            case "choice":
                return tuple(differences(step.content))
            case "state":
                return (*step.operands, self._program.rates[step.content])
        return step.operands

    def _coefficient(self, index: int, step: Step, k: int) -> np.ndarray:
        own, operands = self._series[index], [self._series[other] for other in step.operands]
        match step.operation, operands:
            case "number", _:
                return constant(_decimal(step.content), self._unknowns)
            case "leaf", _:
                return self._start.leaves[step.content]
            case "state", [initial]:
                return self._state(step.content, initial, k)
            case "sum", _:
                return summed(operands, k)
            case "product", [left, right]:
                return product(left, right, k)
            case "power", [base, exponent]:
                return power(base, exponent[0], own, k)
            case "exp", [exponent]:
                return exponential(exponent, own, k)
            case "log", [argument]:
                return logarithm(argument, own, k)
            case _:
                return self._chosen(index, step, k)

    def _state(self, name: str, initial: np.ndarray, k: int) -> np.ndarray:
        if k == 0:
            return self._with(initial[0], self._start.jumps.get(name))
        rate = self._at(self._program.rates[name], k - 1)
        return self._with(rate, self._start.inflows.get(name) if k == 1 else None) / k

    def _with(self, row: np.ndarray, amount: Decimal | None) -> np.ndarray:
        return row if amount is None else total(np.stack([row, constant(amount, self._unknowns)]))

    def _at(self, index: int, k: int) -> np.ndarray:
        """Coefficient k of a step; of a constant zero after the first."""
        series = self._series[index]
        return series[k] if k < len(series) else constant(ZERO, self._unknowns)

    def _chosen(self, index: int, step: Step, k: int) -> np.ndarray:
        for difference in differences(step.content):
            self._note_sign(difference, k)
        branch = step.operands[0] if self._holds(step.content) else step.operands[1]
        if branch in self._broken:
            self._broken[index] = self._broken[branch]
        return self._at(branch, k)

    def _note_sign(self, index: int, k: int) -> None:
        """The first coefficient that is not zero tells which side holds just after time zero."""
        series = self._series[index]
        if index in self._settled or k >= len(series) or series[k, 0] == 0:
            return
        self._settled.add(index)
        sign = 1 if series[k, 0] > 0 else -1
        assumed = self._signs.setdefault(index, sign if k == 0 else 0)
        self._signs[index] = sign
        if assumed == 0:
            raise _SwitchedError
        if assumed != sign:
            raise InputError("a max, min, abs or piecewise stands at its switch at time zero and no side of it holds")

    def _holds(self, condition: Condition) -> bool:
        operation, *parts = condition
        match operation:
            case "and":
                return all(map(self._holds, parts))
            case "or":
                return any(map(self._holds, parts))
            case "not":
                return not self._holds(*parts)
        sign = self._signs.get(parts[0], 0)
        return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operation]


_SINGULAR = {
    "power": "it divides by zero, or takes a root of zero",
    "log": "it takes the logarithm of zero or of a negative number",
    "exp": "a number grows beyond all bounds",
}


def _zeros(rows: int, unknowns: int) -> np.ndarray:
    return np.full((rows, 1 + unknowns), ZERO, dtype=object)


def _decimal(number: Any) -> Decimal:
    if isinstance(number, sp.Rational):
        return Decimal(number.p) / Decimal(number.q)
    return Decimal(str(sp.N(number, getcontext().prec)))
