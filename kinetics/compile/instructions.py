"""Operations of a graph as instructions of LLVM assembly, of one width: lanes in vector registers, or a scalar."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kinetics.compile.graph import Node

LANES = 8
"""Patients, or sensitivities of one patient, that advance together: the doubles of a register of 512 bits."""

_BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul", "quotient": "fdiv"}
_COMPARISONS = {"less": "olt", "at_most": "ole", "equal": "oeq"}
_INTRINSICS = {"sqrt": "sqrt", "abs": "fabs", "floor": "floor", "max": "maximum", "min": "minimum", "fma": "fma"}
_WITH_INTEGER = {"plus": "add", "shift_left": "shl", "shift_right": "ashr"}
_TRUTHS = {*_COMPARISONS, "and", "or", "not"}
_INTEGERS = {*_WITH_INTEGER, "bits", "minus"}


@dataclass(frozen=True)
class Width:
    """So many lanes; 0 for a scalar."""

    lanes: int

    @property
    def size(self) -> int:
        """Numbers of an entry."""
        return max(1, self.lanes)

    @cached_property
    def floats(self) -> str:
        """The type of floats."""
        return self._type("double")

    def _type(self, kind: str) -> str:
        return f"<{self.lanes} x {kind}>" if self.lanes else kind

    def kind(self, operation: str) -> str:
        """The type of what an operation makes."""
        if operation in _TRUTHS:
            return self._type("i1")
        return self._type("i64") if operation in _INTEGERS else self.floats

    def number(self, value: float) -> str:
        """A float in all lanes, to the bit."""
        return self._constant("double", "0x" + struct.pack(">d", value).hex().upper())

    def _constant(self, kind: str, text: str) -> str:
        return f"<{', '.join([f'{kind} {text}'] * self.lanes)}>" if self.lanes else text

    def instruction(self, operation: str, values: Sequence[str], node: Node) -> str:
        """What computes a node from the values of its arguments, or of those of an operation it was fused into."""
        if operation in _BINARY:
            return f"{_BINARY[operation]} {self.floats} {values[0]}, {values[1]}"
        if operation == "neg":
            return f"fneg {self.floats} {values[0]}"
        if operation == "reciprocal":
            return f"fdiv {self.floats} {self.number(1.0)}, {values[0]}"
        if operation == "select":
            return f"select {self._type('i1')} {values[0]}, {self.floats} {values[1]}, {self.floats} {values[2]}"
        if operation in _INTRINSICS:
            return f"call {self.floats} @{self._intrinsic(operation)}({self._arguments(values)})"
        return self._logic(operation, values) or self._of_bits(operation, values, node)

    def _arguments(self, values: Sequence[str]) -> str:
        return ", ".join(f"{self.floats} {value}" for value in values)

    def _logic(self, operation: str, values: Sequence[str]) -> str:
        truths = self._type("i1")
        if operation in _COMPARISONS:
            return f"fcmp {_COMPARISONS[operation]} {self.floats} {values[0]}, {values[1]}"
        if operation in ("and", "or"):
            return f"{operation} {truths} {values[0]}, {values[1]}"
        return f"xor {truths} {values[0]}, {self._constant('i1', 'true')}" if operation == "not" else ""

    def _of_bits(self, operation: str, values: Sequence[str], node: Node) -> str:
        integers = self._type("i64")
        if operation == "bits":
            return f"bitcast {self.floats} {values[0]} to {integers}"
        if operation == "double":
            return f"bitcast {integers} {values[0]} to {self.floats}"
        if operation == "minus":
            return f"sub {integers} {values[0]}, {values[1]}"
        return f"{_WITH_INTEGER[operation]} {integers} {values[0]}, {self._constant('i64', str(node.value))}"

    def _intrinsic(self, operation: str) -> str:
        return f"llvm.{_INTRINSICS[operation]}.{f'v{self.lanes}f64' if self.lanes else 'f64'}"

    def declaration(self, operation: str) -> str:
        """What has to stand in a module that uses an operation; empty if nothing has to."""
        if operation not in _INTRINSICS:
            return ""
        count = {"fma": 3, "max": 2, "min": 2}.get(operation, 1)
        return f"declare {self.floats} @{self._intrinsic(operation)}({', '.join([self.floats] * count)})"

    def load(self, name: str, address: str, *, shared: bool) -> list[str]:
        """The entry at an address; one that all lanes ``shared`` is copied into each."""
        if not (shared and self.lanes):
            return [f"{name} = load {self.floats}, ptr {address}, align 8"]
        return [
            f"{name}.one = load double, ptr {address}, align 8",
            f"{name}.first = insertelement {self.floats} poison, double {name}.one, i64 0",
            f"{name} = shufflevector {self.floats} {name}.first, {self.floats} poison, "
            f"<{self.lanes} x i32> zeroinitializer",
        ]
