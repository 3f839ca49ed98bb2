"""Expressions: sentences of the grammar over every kind of number and name, and texts that miss it by a little."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import sympy as sp

from case import Case
from odd import NUMBERS, edited

__all__ = ["Expressions"]

UNITS = {"A": "mg", "B": "g", "V": "L", "k": "1/day", "w": "kg", "N": "1e9/L", "s": "1/mg/day", "h": "1", "p.C": "mg/L"}
POINT = (0.3, 1.0, 2.5, 70.0, 0.0, -1.5, 1e-12, 4.0, 1e6)
FUNCTIONS = (
    *("exp", "log", "sqrt", "abs", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "floor", "ceil", "factorial"),
)
EXPONENTS = (
    "2",
    "3",
    "-1",
    "0.5",
    "0.75",
    "0.751",
    "-0.25",
    "0.7512345",
    "1.5",
    "64",
    "65",
    "0",
    "1e-3",
    "1/3",
    "h",
    "-h",
    "(h + 1)",
    "A/V",
)
TARGETS = ("1", "mg", "1/day", "1e9/L", "mg/day")


class Expressions:
    """Parsed, brought to a unit, evaluated, printed as code: what becomes of every expression of a model."""

    def __init__(self, folder: Path) -> None:
        from kinetics.expressions import Dimensions
        from kinetics.units import parse_unit

        self.symbols = {name: sp.Symbol(name.replace(".", "_"), real=True) for name in UNITS}
        units = {self.symbols[name]: parse_unit(unit) for name, unit in UNITS.items()}
        plain = dict.fromkeys(units, parse_unit("1"))
        self.dimensions: tuple[Callable[[], Dimensions], ...] = (
            lambda: Dimensions(units),
            lambda: Dimensions(plain),
        )
        self.targets = [parse_unit(text) for text in TARGETS]
        self.point = dict(zip(units, POINT, strict=True))

    def warm(self) -> None:
        for text in ("A + B*0.5", "max(0, A/V - 0.5)", "h^(3/2)", "exp(-h)*sqrt(2)", "piecewise(A < B, 1, 2)"):
            self.read(text, 1, 0)

    def make(self, chance: random.Random) -> Case:
        shape = chance.random()
        text = _tower(chance) if shape < 0.06 else _sentence(chance, 1 + int(chance.expovariate(0.12)))
        if shape > 0.7:
            text = edited(text, chance)
        world = int(chance.random() < 0.8)  # mostly without units, where all that can be parsed fits
        target = 0 if world else chance.randrange(len(self.targets))
        return Case("expression.txt", text.encode("utf-8", "surrogatepass"), lambda: self.read(text, world, target))

    def read(self, text: str, world: int, target: int) -> None:
        from kinetics.compile.graph import Graph
        from kinetics.compile.reading import Reader
        from kinetics.expressions import evaluate, parse

        expression = parse(text, self.symbols)
        assert expression.free_symbols <= set(self.symbols.values()), "made names of its own"
        converted = self.dimensions[world]().convert(expression, self.targets[target])
        for one in (expression, converted):
            assert type(evaluate(one, self.point)) is float, "its value is no float"
        graph = Graph()
        names = {symbol.name: graph.input("y", index) for index, symbol in enumerate(self.symbols.values())}
        assert Reader(graph, names).read(converted).graph is graph, "it is not of the graph"


def _sentence(chance: random.Random, size: int) -> str:
    """A sentence of about so many leaves."""
    if size <= 1:
        return _leaf(chance)
    left = chance.randint(1, size - 1)
    gap = chance.choice(("", " ", " ", "  "))

    def part(share: int) -> str:
        text = _sentence(chance, share)
        return f"({text})" if chance.random() < 0.6 else text

    kind = chance.random()
    if kind < 0.55:
        return part(left) + gap + chance.choice("+-**/") + gap + part(size - left)
    if kind < 0.7:
        exponent = chance.choice(EXPONENTS) if chance.random() < 0.8 else f"({_sentence(chance, size - left)})"
        return f"({_sentence(chance, left)})" + chance.choice(("^", "**")) + exponent
    if kind < 0.8:
        return f"{chance.choice(FUNCTIONS)}({_sentence(chance, size - 1)})"
    if kind < 0.88:
        return f"{chance.choice(('min', 'max'))}({_sentence(chance, left)}, {_sentence(chance, size - left)})"
    if kind < 0.95:
        return f"piecewise({_condition(chance, left)}, {_sentence(chance, left)}, {_sentence(chance, size - left)})"
    return "-" + part(size - 1)


def _condition(chance: random.Random, size: int) -> str:
    """A condition of about so many leaves."""
    kind = chance.random()
    if size > 1 and kind < 0.3:
        left = chance.randint(1, size - 1)
        word = chance.choice(("and", "or", "xor"))
        return f"({_condition(chance, left)}) {word} {_condition(chance, size - left)}"
    if kind < 0.4:
        return f"not ({_condition(chance, size)})"
    sign = chance.choice(("<", "<=", ">", ">=", "==", "!="))
    return f"{_leaf(chance)} {sign} {_sentence(chance, size)}"


def _leaf(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(tuple(UNITS))
    if kind < 0.7:
        return f"{chance.uniform(0, 100):.{chance.randint(0, 17)}g}"
    if kind < 0.8:
        return f"{chance.uniform(1, 10):.{chance.randint(1, 20)}f}e{chance.randint(-330, 320)}"
    if kind < 0.9:
        return str(chance.randint(0, 10 ** chance.randint(1, 42)))
    return chance.choice(NUMBERS[:31])


_TOWERS = (
    ("(", ")"), ("-", ""), ("exp(", ")"), ("abs(", ")"), ("sqrt(", ")"), ("2^", ""), ("0.3^(", ")"), ("h^", ""),
    ("max(1, ", ")"), ("min(A, B, ", ")"), ("piecewise(A < 1, 1, ", ")"), ("log(1 + ", ")"), ("1/(1 + ", ")"),
    ("(h + ", ")^2"), ("(1.1*", ")^1.1"), ("sin(", ")"), ("factorial(", ")"), ("tan(atan(", "))"), ("floor(", "/2)"),
    ("piecewise(not (A < 1 and h != 2), 1, ", ")"), ("piecewise(h < 1 and ", "h < 2, 1, 2)"),
)  # fmt: skip


def _tower(chance: random.Random) -> str:
    """One thing many times, inside or beside itself."""
    count = int(2 ** chance.uniform(1, 11))
    open_, close = chance.choice(_TOWERS)
    if chance.random() < 0.6:
        count = min(count, 60) if chance.random() < 0.7 else count
        return open_ * count + _leaf(chance) + close * count
    sign = chance.choice(("+", "-", "*", "/", "^", ", ", " "))
    parts = sign.join(_sentence(chance, chance.randint(1, 3)) for _ in range(min(count, 400)))
    return f"max({parts})" if sign == ", " else parts
