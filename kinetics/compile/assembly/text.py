"""Functions over arrays of numbers as LLVM assembly, for lanes in vector registers or for one number at a time.

Nothing that could change a bit is left to the compiler: a product is fused with a sum here, by a rule of the graph
alone, and no sum may be reordered. So a lane computes what a scalar computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kinetics.compile.assembly.function import Function
from kinetics.compile.assembly.pieces import KEPT, pieces
from kinetics.compile.assembly.statements import Statement, Statements
from kinetics.compile.instructions import Width


def assembly(name: str, function: Function, width: Width, *, fused: bool) -> str:
    """The text of a module of one function.

    ``fused`` is for processors that have an instruction for a product and a sum.
    """
    body = Statements(width, function, fused=fused)
    declarations = filter(None, map(width.declaration, sorted(body.operations)))
    definitions = _repeated if function.repeats > 1 else _straight
    return "\n".join([*declarations, *definitions(name, function, width, body), ""])


def _straight(name: str, function: Function, width: Width, body: Statements) -> list[str]:
    """The definition of a function; a long one calls one function for each of its pieces."""
    texts, size = pieces(body.statements, width)
    if len(texts) == 1:
        return _definition(name, function.arrays, texts[0])
    arrays, lines = (*function.arrays, KEPT), [f"%{KEPT} = alloca [{size} x double], align 8"]
    parts = [f"{name}.{number}" for number in range(len(texts))]
    calls = [f"call void @{part}({', '.join(f'ptr %{array}' for array in arrays)})" for part in parts]
    inner = [
        line
        for part, text in zip(parts, texts, strict=True)
        for line in _definition(part, arrays, text, linkage="internal ")
    ]
    return [*inner, *_definition(name, function.arrays, [*lines, *calls])]


def _definition(name: str, arrays: Sequence[str], lines: Iterable[str], linkage: str = "") -> list[str]:
    arguments = ", ".join(f"ptr noalias %{array}" for array in arrays)
    return [f"define {linkage}void @{name}({arguments}) nounwind {{", "begin:", *lines, "ret void", "}"]


def _repeated(name: str, function: Function, width: Width, body: Statements) -> list[str]:
    """The definition of a function that is a loop over entries; what is the same for all of them stands before it."""
    lines = [
        *_lines(body.before),
        "br label %loop",
        "loop:",
        "%offset = phi i64 [ 0, %begin ], [ %next, %loop ]",
        *_lines(body.statements),
        f"%next = add i64 %offset, {width.size}",
        f"%more = icmp ult i64 %next, {function.repeats * width.size}",
        "br i1 %more, label %loop, label %end",
        "end:",
    ]
    return _definition(name, function.arrays, lines)


def _lines(statements: Iterable[Statement]) -> list[str]:
    return [line for statement in statements for line in statement.lines]
