"""Functions over arrays of numbers as LLVM assembly, for lanes in vector registers or for one number at a time.

Nothing that could change a bit is left to the compiler: a product is fused with a sum here, by a rule of the graph
alone, and no sum may be reordered. So a lane computes what a scalar computes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kinetics.compile.elementary import ELEMENTARY
from kinetics.compile.graph import Node
from kinetics.compile.instructions import Width


@dataclass(frozen=True)
class Function:
    """A function that fills arrays.

    Parameters
    ----------
    arrays : tuple of str
        Its arguments, in order. They do not overlap.
    results : sequence of (str, int, Node)
        Array and index of each number that is written. Of an array that is read too all is read before.
    shared : frozenset of str
        Arrays that all lanes see the same numbers of; others are flat arrays of (entry, lane).
    repeats : int
        How many entries in a row the same is done for.
    still : frozenset of str
        Arrays that each of these takes the same entry of.
    """

    arrays: tuple[str, ...]
    results: Sequence[tuple[str, int, Node]]
    shared: frozenset[str] = frozenset()
    repeats: int = 1
    still: frozenset[str] = frozenset()


def assembly(name: str, function: Function, width: Width, *, fused: bool) -> str:
    """The text of a module of one function.

    ``fused`` is for processors that have an instruction for a product and a sum.
    """
    body = _Body(width, function, fused)
    written = {array for array, _, _ in function.results}
    if function.repeats > 1:  # what is the same for all entries stands before the loop
        for node in body.inputs:
            if _entry_of(node)[0] in function.shared | function.still:
                body.evaluate(node)
    before, body.lines = body.lines, []
    for node in body.inputs:
        if _entry_of(node)[0] in written:
            body.evaluate(node)
    for array, index, node in function.results:
        body.store(array, index, node)
    lines = body.lines if function.repeats == 1 else [*before, *_repeated(body.lines, function.repeats, width)]
    arguments = ", ".join(f"ptr noalias %{array}" for array in function.arrays)
    declarations = filter(None, map(width.declaration, sorted(body.operations)))
    head = f"define void @{name}({arguments}) nounwind {{"
    return "\n".join([*declarations, head, "begin:", *lines, "ret void", "}", ""])


def _repeated(lines: Sequence[str], entries: int, width: Width) -> list[str]:
    """A loop over so many entries."""
    return [
        "br label %loop",
        "loop:",
        "%offset = phi i64 [ 0, %begin ], [ %next, %loop ]",
        *lines,
        f"%next = add i64 %offset, {width.size}",
        f"%more = icmp ult i64 %next, {entries * width.size}",
        "br i1 %more, label %loop, label %end",
        "end:",
    ]


def _entry_of(node: Node) -> tuple[str, int]:
    assert isinstance(node.value, tuple)
    return node.value


class _Body:
    """The straight-line code of a function. Each node is computed where it is first needed."""

    def __init__(self, width: Width, function: Function, fused: bool) -> None:
        self._width, self._fused = width, fused
        self._shared, self._still = function.shared, function.shared | function.still
        self._repeats = function.repeats > 1
        self._parts: dict[int, tuple[Node, ...]] = {}
        self._uses: Counter[int] = Counter()
        self.inputs: list[Node] = []
        self.lines: list[str] = []
        self.operations: set[str] = set()
        self._values: dict[int, str] = {}
        self._explore([node for _, _, node in function.results])

    def _explore(self, results: Sequence[Node]) -> None:
        """Find what each node is made of, and count how often it is used."""
        waiting = list(results)
        self._uses.update(node.number for node in results)
        while waiting:
            node = waiting.pop()
            if node.number in self._parts:
                continue
            if node.operation == "input":
                self.inputs.append(node)
            # an elementary function is written out: its parts are shared with others
            rule = ELEMENTARY.get(node.operation)
            self._parts[node.number] = parts = (rule(*node.arguments),) if rule else node.arguments
            self._uses.update(part.number for part in parts)
            waiting += parts

    def store(self, array: str, index: int, node: Node) -> None:
        """Compute a node and write it into an array."""
        value, address = self.evaluate(node), f"%to.{array}.{index}"
        self._find(address, array, index, shared=False)
        self.lines.append(f"store {self._width.floats} {value}, ptr {address}, align 8")

    def evaluate(self, result: Node) -> str:
        """The value of a node, behind the statements that compute it."""
        waiting = [result]
        while waiting:
            node = waiting[-1]
            _, operands, _ = form = self._form(node)
            missing = [operand for operand in operands if operand.number not in self._values]
            if node.number not in self._values and missing:
                waiting += reversed(missing)
                continue
            waiting.pop()
            if node.number not in self._values:
                self._values[node.number] = self._computed(node, *form)
        return self._values[result.number]

    def _computed(self, node: Node, operation: str, operands: Sequence[Node], negated: int | None) -> str:
        """Write the statements of a node whose operands are known; returns its value."""
        name, values = f"%v{node.number}", [self._values[operand.number] for operand in operands]
        if operation == "number":
            return self._width.number(node.as_float)
        if operation == "input":
            self._load(name, *_entry_of(node))
            return name
        if operation in ELEMENTARY:
            return values[0]
        if negated is not None:
            self.lines.append(f"{name}.minus = {self._width.instruction('neg', [values[negated]], node)}")
            values[negated] = f"{name}.minus"
        self.operations.add(operation)
        self.lines.append(f"{name} = {self._width.instruction(operation, values, node)}")
        return name

    def _load(self, name: str, array: str, index: int) -> None:
        shared = array in self._shared
        self._find(f"{name}.at", array, index, shared=shared)
        self.lines += self._width.load(name, f"{name}.at", shared=shared)

    def _find(self, name: str, array: str, index: int, *, shared: bool) -> None:
        """The address of an entry of an array."""
        begin, offset = f"%{array}", index * (1 if shared else self._width.size)
        if self._repeats and array not in self._still:
            begin = f"{name}.in"
            self.lines.append(f"{begin} = getelementptr double, ptr %{array}, i64 %offset")
        self.lines.append(f"{name} = getelementptr double, ptr {begin}, i64 {offset}")

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
