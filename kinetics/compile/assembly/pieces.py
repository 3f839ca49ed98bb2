"""A long function in pieces: the time that LLVM takes for one grows faster than its length."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from kinetics.compile.assembly.statements import Statement
from kinetics.compile.instructions import Width

STATEMENTS = 1500
"""Of a piece, at most."""
KEPT = "kept"
"""The array through which a piece hands values to later ones."""


def pieces(statements: Sequence[Statement], width: Width) -> tuple[list[list[str]], int]:
    """The lines of each piece of a function, and the size of the array `KEPT`."""
    chunks = [statements[begin : begin + STATEMENTS] for begin in range(0, len(statements), STATEMENTS)]
    memory = _Memory(chunks, width)
    return [memory.lines(number, chunk) for number, chunk in enumerate(chunks)] or [[]], memory.size


class _Memory:
    """Values that pieces hand on. An entry of the array is free again behind the last piece that needs its value."""

    def __init__(self, chunks: Sequence[Sequence[Statement]], width: Width) -> None:
        self._width = width
        self._last = {
            operand: number
            for number, chunk in enumerate(chunks)
            for statement in chunk
            for operand in statement.operands
        }
        self._makers = {statement.value: statement for chunk in chunks for statement in chunk if statement.value}
        self._indices: dict[str, int] = {}
        self._free: deque[int] = deque()
        self._entries = 0

    @property
    def size(self) -> int:
        """Numbers that the array has to hold."""
        return self._entries * self._width.size

    def lines(self, number: int, chunk: Sequence[Statement]) -> list[str]:
        """A piece: each value that it needs is fetched before it is first used."""
        lines: list[str] = []
        available: set[str] = set()
        for statement in chunk:
            for operand in statement.operands:
                if operand not in available:
                    lines += self._fetched(operand)
                    available.add(operand)
            lines += statement.lines
            available.add(statement.value)
            if self._last.get(statement.value, number) > number and not statement.is_load:
                lines += self._kept(statement)
        self._release(number)
        return lines

    def _kept(self, statement: Statement) -> list[str]:
        """Write a value into the array."""
        value = statement.value
        if not self._free:
            self._free.append(self._entries)
            self._entries += 1
        self._indices[value] = self._free.popleft()
        return [self._address(value), f"store {statement.kind} {value}, ptr {value}.kept, align 8"]

    def _fetched(self, value: str) -> Sequence[str]:
        """Read a value from the array, or once more from where it came from."""
        maker = self._makers[value]
        if maker.is_load:
            return maker.lines
        return [self._address(value), f"{value} = load {maker.kind}, ptr {value}.kept, align 8"]

    def _address(self, value: str) -> str:
        return f"{value}.kept = getelementptr double, ptr %{KEPT}, i64 {self._indices[value] * self._width.size}"

    def _release(self, number: int) -> None:
        for value in [value for value in self._indices if self._last[value] == number]:
            self._free.append(self._indices.pop(value))
