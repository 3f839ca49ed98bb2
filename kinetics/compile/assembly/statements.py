"""The statements of a function: each node of its results is computed once, where it is first needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kinetics.compile.assembly.function import Function
from kinetics.compile.elementary import ELEMENTARY
from kinetics.compile.graph import Node
from kinetics.compile.instructions import Width


@dataclass(frozen=True)
class Statement:
    """Lines that compute a value, or that write one into an array.

    Parameters
    ----------
    lines : sequence of str
        LLVM assembly.
    operands : sequence of str
        The names of the values that it needs.
    value, kind : str
        The name of the value that it computes, and its type; empty if it computes none.
    is_load : bool
        Whether it reads an entry that is never written, so that it can stand twice.
    """

    lines: Sequence[str]
    operands: Sequence[str] = ()
    value: str = ""
    kind: str = ""
    is_load: bool = False


class Statements:
    """The straight-line code of a function.

    Parameters
    ----------
    width : Width
        Of its numbers.
    function : Function
        What it computes.
    fused : bool
        Whether a product and a sum are one instruction.
    """

    def __init__(self, width: Width, function: Function, *, fused: bool) -> None:
        self._width, self._fused = width, fused
        self._shared, self._still = function.shared, function.shared | function.still
        self._repeats = function.repeats > 1
        self._parts: dict[int, tuple[Node, ...]] = {}
        self._uses: Counter[int] = Counter()
        self._inputs: dict[tuple[str, int], Node] = {}
        self._written = {(array, index) for array, index, _ in function.results}
        self._values: dict[int, str] = {}
        self.operations: set[str] = set()
        self.before: list[Statement] = []
        self.statements: list[Statement] = []
        self._explore([node for _, _, node in function.results])
        if self._repeats:
            self._load_what_stays()
        for array, index, node in function.results:
            self._store(array, index, node)

    def _load_what_stays(self) -> None:
        """Read what is the same for all repetitions."""
        for (array, _), node in self._inputs.items():
            if array in self._still:
                self._evaluate(node)
        self.before, self.statements = self.statements, self.before

    def _explore(self, results: Sequence[Node]) -> None:
        """Find what each node is made of, and count how often it is used."""
        waiting = list(results)
        self._uses.update(node.number for node in results)
        while waiting:
            node = waiting.pop()
            if node.number in self._parts:
                continue
            if node.operation == "input":
                self._inputs[entry_of(node)] = node
            # an elementary function is written out: its parts are shared with others
            rule = ELEMENTARY.get(node.operation)
            self._parts[node.number] = parts = (rule(*node.arguments),) if rule else node.arguments
            self._uses.update(part.number for part in parts)
            waiting += parts

    def _store(self, array: str, index: int, node: Node) -> None:
        """Compute a node and write it into an array, whose entry is read before if something needs it."""
        value, address = self._evaluate(node), f"%to.{array}.{index}"
        if (array, index) in self._inputs:
            self._evaluate(self._inputs[array, index])
        lines = self._address(address, array, index, shared=False)
        lines.append(f"store {self._width.floats} {value}, ptr {address}, align 8")
        self.statements.append(Statement(lines, _names([value])))

    def _evaluate(self, result: Node) -> str:
        """The value of a node, behind the statements that compute it."""
        waiting = [result]
        while waiting:
            node = waiting[-1]
            _, operands, _ = form = self._form(node)
            missing = [operand for operand in operands if operand.number not in self._values]
            if node.number not in self._values and missing:
                waiting += sorted(missing, key=lambda operand: -operand.number)
                continue
            waiting.pop()
            if node.number not in self._values:
                self._values[node.number] = self._computed(node, *form)
        return self._values[result.number]

    def _computed(self, node: Node, operation: str, operands: Sequence[Node], negated: int | None) -> str:
        """Write the statement of a node whose operands are known; returns its value."""
        name, values = f"%v{node.number}", [self._values[operand.number] for operand in operands]
        if operation == "number":
            return self._width.number(node.as_float)
        if operation in ELEMENTARY:
            return values[0]
        if operation == "input":
            self.statements.append(self._load(name, entry_of(node)))
            return name
        lines, needed = [], _names(values)
        if negated is not None:
            lines.append(f"{name}.minus = {self._width.instruction('neg', [values[negated]], node)}")
            values[negated] = f"{name}.minus"
        lines.append(f"{name} = {self._width.instruction(operation, values, node)}")
        self.operations.add(operation)
        self.statements.append(Statement(lines, needed, name, self._width.kind(operation)))
        return name

    def _load(self, name: str, entry: tuple[str, int]) -> Statement:
        shared = entry[0] in self._shared
        lines = self._address(f"{name}.at", *entry, shared=shared)
        lines += self._width.load(name, f"{name}.at", shared=shared)
        return Statement(lines, (), name, self._width.floats, is_load=entry not in self._written)

    def _address(self, name: str, array: str, index: int, *, shared: bool) -> list[str]:
        """The address of an entry of an array."""
        begin, offset, lines = f"%{array}", index * (1 if shared else self._width.size), []
        if self._repeats and array not in self._still:
            begin = f"{name}.in"
            lines.append(f"{begin} = getelementptr double, ptr %{array}, i64 %offset")
        return [*lines, f"{name} = getelementptr double, ptr {begin}, i64 {offset}"]

    def _form(self, node: Node) -> tuple[str, tuple[Node, ...], int | None]:
        """The instruction of a node, its operands, and which of them to negate: some take two operations at once."""
        if node.operation == "mul":
            for above, below in (node.arguments, node.arguments[::-1]):
                if below.operation == "reciprocal" and self._uses[below.number] == 1:
                    return "quotient", (above, below.arguments[0]), None
        if self._fused and node.operation in ("add", "sub"):
            left, right = node.arguments
            if self._is_product(right):
                return "fma", (*right.arguments, left), 0 if node.operation == "sub" else None
            if self._is_product(left):
                return "fma", (*left.arguments, right), 2 if node.operation == "sub" else None
        return node.operation, self._parts[node.number], None

    def _is_product(self, node: Node) -> bool:
        """Whether nothing else needs a product, so that it can be fused with a sum."""
        return node.operation == "mul" and self._uses[node.number] == 1 and self._form(node)[0] == "mul"


def entry_of(node: Node) -> tuple[str, int]:
    """The array and index of an input."""
    assert isinstance(node.value, tuple)
    return node.value


def _names(values: Sequence[str]) -> list[str]:
    """The values that are not numbers."""
    return [value for value in values if value.startswith("%")]
