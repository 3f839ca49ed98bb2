"""Operations of a graph as instructions of LLVM assembly, of one width: lanes in vector registers, or a scalar."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kinetics.compile.graph import Node

LANES = 8
"""Patients, or sensitivities of one patient, that advance together: the doubles of a register of 512 bits."""

_INSTRUCTIONS = {
    "add": "fadd {floats} {0}, {1}",
    "sub": "fsub {floats} {0}, {1}",
    "mul": "fmul {floats} {0}, {1}",
    "quotient": "fdiv {floats} {0}, {1}",
    "reciprocal": "fdiv {floats} {one}, {0}",
    "neg": "fneg {floats} {0}",
    "select": "select {truths} {0}, {floats} {1}, {floats} {2}",
    "less": "fcmp olt {floats} {0}, {1}",
    "at_most": "fcmp ole {floats} {0}, {1}",
    "equal": "fcmp oeq {floats} {0}, {1}",
    "and": "and {truths} {0}, {1}",
    "or": "or {truths} {0}, {1}",
    "xor": "xor {truths} {0}, {1}",
    "not": "xor {truths} {0}, {true}",
    "bits": "bitcast {floats} {0} to {integers}",
    "double": "bitcast {integers} {0} to {floats}",
    "minus": "sub {integers} {0}, {1}",
    "plus": "add {integers} {0}, {number}",
    "shift_left": "shl {integers} {0}, {number}",
    "shift_right": "ashr {integers} {0}, {number}",
}
"""By operation: of its values, and of the whole ``number`` that its node holds."""
_INTRINSICS = {
    "sqrt": ("sqrt", 1),
    "abs": ("fabs", 1),
    "floor": ("floor", 1),
    "max": ("maximum", 2),
    "min": ("minimum", 2),
    "fma": ("fma", 3),
}
"""Functions that LLVM knows: the name there, and how many arguments."""
TRUTHS = frozenset({"less", "at_most", "equal", "and", "or", "xor", "not"})
_INTEGERS = frozenset({"bits", "minus", "plus", "shift_left", "shift_right"})


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
        if operation in TRUTHS:
            return self._type("i1")
        return self._type("i64") if operation in _INTEGERS else self.floats

    def number(self, value: float) -> str:
        """A float in all lanes, to the bit."""
        return self._constant("double", "0x" + struct.pack(">d", value).hex().upper())

    def _constant(self, kind: str, text: str) -> str:
        return f"<{', '.join([f'{kind} {text}'] * self.lanes)}>" if self.lanes else text

    @cached_property
    def _words(self) -> dict[str, str]:
        """What stands in instructions beside values."""
        kinds = {"floats": self.floats, "truths": self._type("i1"), "integers": self._type("i64")}
        return kinds | {"one": self.number(1.0), "true": self._constant("i1", "true")}

    def instruction(self, operation: str, values: Sequence[str], node: Node) -> str:
        """What computes a node from the values of its arguments, or of those of an operation it was fused into."""
        if operation in _INTRINSICS:
            arguments = ", ".join(f"{self.floats} {value}" for value in values)
            return f"call {self.floats} @{self._intrinsic(operation)}({arguments})"
        number = self._constant("i64", str(node.value)) if operation in _INTEGERS else ""
        return _INSTRUCTIONS[operation].format(*values, number=number, **self._words)

    def _intrinsic(self, operation: str) -> str:
        return f"llvm.{_INTRINSICS[operation][0]}.{f'v{self.lanes}f64' if self.lanes else 'f64'}"

    def declaration(self, operation: str) -> str:
        """What has to stand in a module that uses an operation; empty if nothing has to."""
        if operation not in _INTRINSICS:
            return ""
        arguments = ", ".join([self.floats] * _INTRINSICS[operation][1])
        return f"declare {self.floats} @{self._intrinsic(operation)}({arguments})"

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
