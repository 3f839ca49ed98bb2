"""MathML, as libsbml has read it, to text of our grammar, within limits; functions of the file are written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from kinetics.errors import InputError
from kinetics.interop.sbml.formulas.operators import ARITHMETIC, CONSTANTS, LOGIC, compare, piecewise
from kinetics.interop.sbml.formulas.terms import Term, number, number_with_exponent

MAX_NODES = 300_000
"""Of a file, functions written out."""
_ASSOCIATIVE = ("PLUS", "TIMES", "LOGICAL_AND", "LOGICAL_OR", "LOGICAL_XOR")
MAX_CALLS = 20
"""Functions of the file within functions."""


@dataclass(frozen=True)
class Formula:
    """A piece of mathematics, and the line of its element."""

    node: Any
    line: int


class Meaning(Protocol):
    """What identifiers stand for where a formula is."""

    time: Term

    def value(self, identifier: str) -> Term:
        """What stands for an identifier."""
        ...

    def rate(self, identifier: str) -> Term:
        """What stands for its rate of change."""
        ...


class Mathematics:
    """Writes formulas of one file.

    Parameters
    ----------
    functions : mapping of str to tuple
        By identifier, the names of the arguments of each function of the file, and its formula if it has one.

    Attributes
    ----------
    has_units : bool
        Whether a number that was written has a unit of its own.
    """

    def __init__(self, functions: Mapping[str, tuple[list[str], Formula | None]]) -> None:
        self._functions = functions
        self._nodes = 0
        self.has_units = False

    def number(self, formula: Formula, meaning: Meaning) -> Term:
        """A formula as a number; `InputError` for what no model file can say."""
        return self._whole(formula, meaning).as_number()

    def condition(self, formula: Formula, meaning: Meaning) -> Term:
        """A formula as a condition; `InputError` for what no model file can say."""
        return self._whole(formula, meaning).as_condition()

    def _whole(self, formula: Formula, meaning: Meaning) -> Term:
        try:
            return self._written(formula.node, meaning, {}, 0)
        except RecursionError as error:
            raise InputError("mathematics nested beyond reason, with its functions written out") from error

    def _written(self, node: Any, meaning: Meaning, arguments: Mapping[str, Term], calls: int) -> Term:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise InputError(f"more than {MAX_NODES} operations in all, with its functions written out")
        kind = _kinds()[node.getType()]

        def parts() -> list[Term]:
            return [self._written(child, meaning, arguments, calls) for child in _operands(node, kind)]

        if kind in ("INTEGER", "REAL", "REAL_E", "RATIONAL"):
            self.has_units |= node.isSetUnits() and node.getUnits() != "dimensionless"
            return _number(node, kind)
        if kind in CONSTANTS:
            return CONSTANTS[kind]
        if kind == "NAME_TIME":
            return meaning.time
        if kind == "NAME":
            name = node.getName()
            return arguments[name] if name in arguments else meaning.value(name)
        if kind in ARITHMETIC:
            return _applied(ARITHMETIC[kind], kind, [part.as_number() for part in parts()])
        if kind in LOGIC:
            return _applied(LOGIC[kind], kind, [part.as_condition() for part in parts()])
        if kind.startswith("RELATIONAL_"):
            return compare(kind, *parts())
        if kind == "FUNCTION_PIECEWISE":
            return piecewise(*parts())
        if kind == "FUNCTION_RATE_OF":
            return meaning.rate(_name_of(node, arguments))
        if kind == "FUNCTION":
            return self._called(node.getName(), parts(), meaning.time, calls)
        if kind == "FUNCTION_DELAY":
            raise InputError("delay(): equations with delays are not integrated")
        raise InputError(f"'{node.getName() or kind.lower()}' is no mathematics of a model file")

    def _called(self, name: str, values: list[Term], time: Term, calls: int) -> Term:
        """A function of the file, written out with the values of its arguments."""
        if name not in self._functions:
            raise InputError(f"calls '{name}', which is no function of the file")
        arguments, formula = self._functions[name]
        if formula is None:
            raise InputError(f"calls the function '{name}', which has no mathematics")
        if len(values) != len(arguments) or calls >= MAX_CALLS:
            wrong = f"takes {len(arguments)} arguments" if calls < MAX_CALLS else f"is more than {MAX_CALLS} calls deep"
            raise InputError(f"calls the function '{name}', which {wrong}")
        return self._written(formula.node, _Closed(name, time), dict(zip(arguments, values, strict=True)), calls + 1)


class _Closed:
    """Inside of a function, where only its arguments mean something, and the clock, which has one name anywhere."""

    def __init__(self, function: str, time: Term) -> None:
        self._function, self.time = function, time

    def value(self, identifier: str) -> Term:
        raise InputError(f"the function '{self._function}' uses '{identifier}', which is none of its arguments")

    def rate(self, identifier: str) -> Term:
        return self.value(identifier)


def _operands(node: Any, kind: str) -> Iterator[Any]:
    """The parts of an operation; of sums and so on, which libsbml nests by pairs, all that are added."""
    pending = _children(node)
    while pending:
        child = pending.pop()
        if kind in _ASSOCIATIVE and child.getType() == node.getType():
            pending += _children(child)
        else:
            yield child


def _children(node: Any) -> list[Any]:
    """From the last to the first."""
    return [node.getChild(index) for index in range(node.getNumChildren() - 1, -1, -1)]


def _applied(operator: Callable[..., Term], kind: str, parts: list[Term]) -> Term:
    try:
        return operator(*parts)
    except TypeError as error:
        raise InputError(f"{kind.removeprefix('FUNCTION_').lower()} of {len(parts)} arguments") from error


def _number(node: Any, kind: str) -> Term:
    if kind == "INTEGER":
        return number(node.getInteger())
    if kind == "REAL_E":
        return number_with_exponent(node.getMantissa(), node.getExponent())
    return number(node.getValue())


def _name_of(node: Any, arguments: Mapping[str, Term]) -> str:
    child = node.getChild(0)
    if child is None or _kinds()[child.getType()] != "NAME" or child.getName() in arguments:
        raise InputError("rateOf() of what is no quantity of the file")
    return child.getName()


@cache
def _kinds() -> dict[int, str]:
    """The name of each kind of node of libsbml."""
    import libsbml

    return {getattr(libsbml, name): name.removeprefix("AST_") for name in dir(libsbml) if name.startswith("AST_")}
