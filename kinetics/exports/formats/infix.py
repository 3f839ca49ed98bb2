"""Expressions as text for other programs: one printer, and what differs between their languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sympy as sp

from kinetics.expressions import evaluate
from kinetics.expressions.conditions import COMPARISONS

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)
_SIGNS = {kind: sign for sign, kind in COMPARISONS.items()}


@dataclass(frozen=True)
class Dialect:
    """How a language writes what its neighbours write otherwise.

    Parameters
    ----------
    power : str
        The operator of powers.
    functions : mapping of str to str
        Names of functions by those of the model language; others keep theirs.
    truths : tuple of str
        True and false.
    joined : callable
        A condition from ``"and"``, ``"or"``, ``"xor"`` or ``"not"`` and the texts of its parts.
    piecewise : callable
        From (value, condition) pairs and the value otherwise, as texts.
    """

    power: str
    functions: Mapping[str, str]
    truths: tuple[str, str]
    joined: Callable[[str, Sequence[str]], str]
    piecewise: Callable[[Sequence[tuple[str, str]], str], str]


def _operators(name: str, parts: Sequence[str]) -> str:
    if name == "xor":
        return f"xor({', '.join(parts)})"
    return f"!({parts[0]})" if name == "not" else f" {'&&' if name == 'and' else '||'} ".join(f"({p})" for p in parts)


def _arrays(name: str, parts: Sequence[str]) -> str:
    function = f"np.logical_{name}"
    text = f"{function}({parts[0]})" if name == "not" else parts[0]
    for part in parts[1:]:
        text = f"{function}({text}, {part})"
    return text


def _chosen(pairs: Sequence[tuple[str, str]], otherwise: str) -> str:
    text = otherwise
    for value, condition in reversed(pairs):
        text = f"np.where({condition}, {value}, {text})"
    return text


def _call(pairs: Sequence[tuple[str, str]], otherwise: str) -> str:
    return f"piecewise({', '.join([*(part for pair in pairs for part in pair), otherwise])})"


_CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh")
SBML = Dialect(
    "^", {"log": "ln", **{f"a{name}": f"arc{name}" for name in _CIRCULAR}}, ("true", "false"), _operators, _call
)
"""The formulas of SBML Level 3, which Antimony has too; of an `asinh`, Antimony 3.3 makes a parameter as well."""
_NUMPY = ("exp", "log", "abs", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor", "ceil")
_INVERSE = {f"a{name}": f"np.arc{name}" for name in _CIRCULAR}
_FUNCTIONS = {**{name: f"np.{name}" for name in _NUMPY}, **_INVERSE, "factorial": "factorial"}
PYTHON = Dialect("**", _FUNCTIONS, ("True", "False"), _arrays, _chosen)
"""Python with NumPy as ``np``, and a function ``factorial``."""


def infix(expression: Any, dialect: Dialect, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """An expression or a condition of a model as text; ``names`` are what its symbols are called, if otherwise.

    Examples
    --------
    >>> A, k = sp.symbols("A k", real=True)
    >>> infix(-k * A**2 / 3, SBML), infix(sp.Max(A, 0) / (A + k), PYTHON)
    ('-A^2*k/3', 'np.maximum(0, A)/(A + k)')
    """
    return _Printer(dialect, names).text(expression, _SUM)


class _Printer:
    def __init__(self, dialect: Dialect, names: Mapping[str, str]) -> None:
        self.dialect, self.names = dialect, names

    def text(self, node: Any, level: int) -> str:
        """The text of a node, in brackets if it binds more loosely than what is around it."""
        own, text = self._node(node)
        return f"({text})" if own < level else text

    def _node(self, node: Any) -> tuple[int, str]:
        if node.is_Symbol:
            return _ATOM, self.names.get(node.name, node.name)
        if node in (sp.true, sp.false):
            return _ATOM, self.dialect.truths[node is sp.false]
        if isinstance(node, sp.Number | sp.NumberSymbol):
            return self._number(node)
        if node.is_Add:
            return _SUM, self._sum(node.args)
        if node.is_Mul:
            return self._product(node)
        if node.is_Pow or type(node).__name__ == "power":
            return self._power(*node.args)
        if isinstance(node, sp.Piecewise):
            return _ATOM, self._piecewise(node)
        if node.func in _SIGNS:
            left, right = (self.text(side, _SUM) for side in node.args)
            return _SUM, f"{left} {_SIGNS[node.func]} {right}"
        if isinstance(node, sp.And | sp.Or | sp.Xor | sp.Not):
            name = type(node).__name__.lower()
            return _ATOM, self.dialect.joined(name, [self.text(part, _SUM) for part in _sorted(node.args)])
        if isinstance(node, sp.Max | sp.Min):
            return _ATOM, self._extreme(type(node).__name__.lower(), _sorted(node.args))
        name = {"Abs": "abs", "ceiling": "ceil"}.get(type(node).__name__, type(node).__name__)
        arguments = ", ".join(self.text(argument, _SUM) for argument in node.args)
        return _ATOM, f"{self.dialect.functions.get(name, name)}({arguments})"

    def _number(self, number: Any) -> tuple[int, str]:
        if number.is_Integer and abs(int(number)) < 10**15:
            return (_ATOM if number >= 0 else _SIGN), str(number)
        value = evaluate(number, {})
        return (_ATOM if value >= 0 else _SIGN), repr(value)

    def _sum(self, terms: Sequence[Any]) -> str:
        text = ""
        for term in _sorted(terms):
            negative = term.could_extract_minus_sign() and not term.is_Add
            part = self.text(-term if negative else term, _PRODUCT)
            text += f"{' - ' if negative else ' + '}{part}" if text else f"{'-' if negative else ''}{part}"
        return text

    def _product(self, node: Any) -> tuple[int, str]:
        if node.could_extract_minus_sign() and node.args[0].is_Number:
            return _SIGN, f"-{self.text(-node, _POWER if (-node).is_Add else _PRODUCT)}"
        above, below = [], []
        for factor in _sorted(node.args):
            if factor.is_Pow and factor.args[1].is_negative:
                below.append(sp.Pow(factor.args[0], -factor.args[1]))
            elif factor.is_Rational and not factor.is_Integer and factor.q < 10**15:
                above += [sp.Integer(factor.p)] if factor.p != 1 else []
                below.append(sp.Integer(factor.q))
            else:
                above.append(factor)
        text = "*".join(self.text(factor, _SIGN if not index else _POWER) for index, factor in enumerate(above)) or "1"
        for factor in below:
            text += f"/{self.text(factor, _POWER)}"
        return _PRODUCT, text

    def _power(self, base: Any, exponent: Any) -> tuple[int, str]:
        if exponent.is_negative and exponent.is_Integer:
            return _PRODUCT, f"1/{self.text(sp.Pow(base, -exponent), _POWER)}"
        return _POWER, f"{self.text(base, _ATOM)}{self.dialect.power}{self.text(exponent, _ATOM)}"

    def _piecewise(self, node: Any) -> str:
        *pairs, (otherwise, _) = node.args
        texts = [(self.text(value, _SUM), self.text(condition, _SUM)) for value, condition in pairs]
        return self.dialect.piecewise(texts, self.text(otherwise, _SUM))

    def _extreme(self, name: str, parts: Sequence[Any]) -> str:
        texts = [self.text(part, _SUM) for part in parts]
        if self.dialect is not PYTHON:
            return f"{name}({', '.join(texts)})"
        text = texts[0]
        for part in texts[1:]:
            text = f"np.{name}imum({text}, {part})"
        return text


def _sorted(parts: Sequence[Any]) -> list[Any]:
    return sorted(parts, key=sp.default_sort_key)
