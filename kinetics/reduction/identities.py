"""Identities between expressions, tested by arithmetic modulo a prime at a random point.

A polynomial that is not zero identically is zero at a random point with a probability of at most its degree over the
number of points of a coordinate (Schwartz 1980, J. ACM 27:701; Zippel 1979, EUROSAM 79:216): here of about 1e-35. So
one evaluation, in milliseconds and without rounding, tells what SymPy's `expand` and `cancel` take seconds to tell.

A function that is no fraction of polynomials (a root, an exponential, the larger of two) is a number of its own, the
same wherever function and arguments are. Identities that need more than that, such as exp(a) exp(b) = exp(a + b), are
not found: what is found is true for all values of the symbols, and what is true may be missed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection
from math import prod
from typing import Any

import sympy as sp

from kinetics.expressions import ELEMENTARY, evaluate, log, piecewise, power

PRIME = 2**127 - 1
_WHOLE = (ELEMENTARY["floor"], ELEMENTARY["ceil"])
LARGEST = 10**6
"""A value up to this size is that integer identically: a random one would be so small with a probability of 1e-32."""
_COMPARISONS: dict[Any, Callable[[int, int], bool]] = {
    sp.StrictLessThan: int.__lt__,
    sp.LessThan: int.__le__,
    sp.StrictGreaterThan: int.__gt__,
    sp.GreaterThan: int.__ge__,
    sp.Equality: int.__eq__,
    sp.Unequality: int.__ne__,
}


class RandomPoint:
    """A random value for each symbol, and what expressions are there, modulo a prime.

    Parameters
    ----------
    positive : collection of sympy.Symbol
        Symbols that are above zero.

    Examples
    --------
    >>> a, b = sp.symbols("a b", real=True)
    >>> point = RandomPoint(())
    >>> point.integer((a**2 - b**2) / (a - b) - a - b), point.integer(a - b), point.integer(sp.Max(a, a + 0 * b) / a)
    (0, None, 1)
    """

    def __init__(self, positive: Collection[sp.Symbol]) -> None:
        self._positive = positive
        self._random = random.Random(PRIME)  # the same point in every process
        self._drawn: dict[Any, int] = {}
        self._values: dict[sp.Symbol, int | None] = {}

    def fix(self, symbol: sp.Symbol, expression: Any) -> None:
        """Let a symbol be what an expression is; where that has no value, neither has the symbol."""
        try:
            self._values[symbol] = self.value(expression)
        except ZeroDivisionError:
            self._values[symbol] = None

    def free(self, symbol: sp.Symbol) -> None:
        """Let a symbol be any number again."""
        self._values.pop(symbol, None)

    def integer(self, expression: Any) -> int | None:
        """The integer that an expression is identically, if it is one of moderate size."""
        try:
            return _integer(self.value(expression))
        except ZeroDivisionError:
            return None

    def value(self, node: Any) -> int:
        """The value of an expression; `ZeroDivisionError` where it has none, be it multiplied by zero."""
        if node.is_Symbol:
            return self._of_symbol(node)
        if node.is_Add:
            return sum(map(self.value, node.args)) % PRIME
        if node.is_Mul:
            return prod(map(self.value, node.args)) % PRIME
        if node.is_Rational:
            return node.p * _inverse(node.q) % PRIME
        if node.is_Float:
            return self.value(sp.Rational(node))
        function = _FUNCTIONS.get(node.func)
        return self._unknown(node.func, *map(self.value, node.args)) if function is None else function(self, node)

    def _of_symbol(self, symbol: Any) -> int:
        value = self._values[symbol] if symbol in self._values else self._unknown(symbol)
        if value is None:
            raise ZeroDivisionError(symbol.name)
        return value

    def _unknown(self, *key: Any) -> int:
        """A random number, the same for the same key."""
        if key not in self._drawn:
            self._drawn[key] = self._random.randrange(PRIME)
        return self._drawn[key]

    def _power(self, node: Any) -> int:
        base, exponent = map(self.value, node.args)
        whole = _integer(exponent)
        if whole is not None:
            return pow(base if whole >= 0 else _inverse(base), abs(whole), PRIME)
        if base == 1:
            return 1
        if base == 0 and (node.args[1].is_positive or node.args[1] in self._positive):
            return 0
        # a root of zero by an exponent that may be negative, or of a negative number, has no value
        return self._unknown(power, _above_zero(base), exponent)

    def _exponential(self, node: Any) -> int:
        argument = self.value(node.args[0])
        return 1 if argument == 0 else self._unknown(sp.exp, argument)

    def _logarithm(self, node: Any) -> int:
        argument = self.value(node.args[0])
        return 0 if argument == 1 else self._unknown(log, _above_zero(argument))

    def _absolute(self, node: Any) -> int:
        argument = self.value(node.args[0])
        number = _integer(argument)
        return self._unknown(sp.Abs, argument) if number is None else abs(number)

    def _elementary(self, node: Any) -> int:
        """Of a whole number, a whole number if it is one, and none outside of the domain."""
        argument = self.value(node.args[0])
        number = _integer(argument)
        if number is not None:
            value = evaluate(node.func(sp.Integer(number)), {})
            if not math.isfinite(value):
                raise ZeroDivisionError
            if value == round(value) and (number in (0, 1) or node.func in _WHOLE):
                return round(value) % PRIME
        return self._unknown(node.func, argument)

    def _extreme(self, node: Any) -> int:
        """The larger or the smaller of several, where it is known which that is."""
        arguments = frozenset(map(self.value, node.args))
        numbers = [number for number in map(_integer, arguments) if number is not None]
        if len(numbers) == len(arguments):
            return (max if node.func is sp.Max else min)(numbers) % PRIME
        return min(arguments) if len(arguments) == 1 else self._unknown(node.func, arguments)

    def _piecewise(self, node: Any) -> int:
        """The first branch if it is known which that is, else a number for all that may be."""
        left: list[tuple[int, Any]] = []
        for result, condition in node.args:
            decided = self._decided(condition)
            if decided is False:
                continue
            if decided and not left:
                return self.value(result)
            left.append((self.value(result), True if decided else self._condition(condition)))
            if decided:
                break
        return self._unknown(sp.Piecewise, *left)

    def _decided(self, condition: Any) -> bool | None:
        """Whether a condition holds, None if that depends."""
        if condition in (sp.true, sp.false):
            return bool(condition)
        if isinstance(condition, sp.Not):
            decided = self._decided(condition.args[0])
            return None if decided is None else not decided
        if isinstance(condition, sp.And | sp.Or):
            parts, enough = [self._decided(part) for part in condition.args], isinstance(condition, sp.Or)
            return enough if enough in parts else None if None in parts else not enough
        if isinstance(condition, sp.Xor):
            parts = [self._decided(part) for part in condition.args]
            return None if None in parts else sum(map(bool, parts)) % 2 == 1
        compare = _COMPARISONS.get(condition.func)
        left, right = map(self.value, condition.args)
        if compare is None:
            return None
        if left == right:
            return compare(0, 0)
        one, other = _integer(left), _integer(right)
        return None if one is None or other is None else compare(one, other)

    def _condition(self, condition: Any) -> Any:
        """What a condition compares, so that the same one is known again."""
        if isinstance(condition, sp.And | sp.Or | sp.Xor | sp.Not):
            return (condition.func, *map(self._condition, condition.args))
        if condition in (sp.true, sp.false):
            return bool(condition)
        return (condition.func, *map(self.value, condition.args))


_FUNCTIONS: dict[Any, Callable[[RandomPoint, Any], int]] = {
    sp.Pow: RandomPoint._power,
    power: RandomPoint._power,
    sp.exp: RandomPoint._exponential,
    log: RandomPoint._logarithm,
    sp.Abs: RandomPoint._absolute,
    sp.Max: RandomPoint._extreme,
    sp.Min: RandomPoint._extreme,
    sp.Piecewise: RandomPoint._piecewise,
    piecewise: RandomPoint._piecewise,
    **dict.fromkeys(ELEMENTARY.values(), RandomPoint._elementary),
}


def _integer(value: int) -> int | None:
    signed = value if value <= PRIME // 2 else value - PRIME
    return signed if abs(signed) <= LARGEST else None


def _inverse(value: int) -> int:
    if value == 0:
        raise ZeroDivisionError
    return pow(value, -1, PRIME)


def _above_zero(value: int) -> int:
    number = _integer(value)
    if number is not None and number <= 0:
        raise ZeroDivisionError
    return value
