"""Units over a sympy tree: what does not fit is an error, what differs by a factor is converted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from kinetics.errors import Faults, UnitError
from kinetics.expressions.elementary import Elementary
from kinetics.expressions.functions import log, power
from kinetics.expressions.tokens import shortened
from kinetics.units import Unit, conversion, registry, unit_text

_DIMENSIONLESS = registry.Unit("")


class Dimensions:
    """Infer the unit of expressions, and rewrite them so that every sum adds like to like.

    Parameters
    ----------
    units : mapping of sympy.Symbol to pint.Unit or None
        The unit of each symbol; None for one whose own declaration is faulty and fits anything.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> a, b = sp.symbols("a b", real=True)
    >>> dimensions = Dimensions({a: parse_unit("mg"), b: parse_unit("g")})
    >>> dimensions.convert(a + b, parse_unit("mg"))
    a + 1000*b
    >>> dimensions.convert(a * b, parse_unit("mg"))
    Traceback (most recent call last):
    kinetics.errors.UnitError: 'a*b' has unit 'g*mg', expected 'mg'
    """

    def __init__(self, units: Mapping[sp.Symbol, Any]) -> None:
        self._units = units
        self._known: dict[Any, tuple[Any, Any]] = {}

    def convert(self, expression: Any, unit: Unit) -> Any:
        """The expression in ``unit``; `UnitError` if some part of it, or the whole, does not fit."""
        own, converted = self.infer(expression)
        if own is None or unit is None:
            return converted
        return self._factor(expression, own, unit) * converted

    def infer(self, expression: Any) -> tuple[Any, Any]:
        """The unit of an expression (None if any unit fits) and its rewriting."""
        if expression not in self._known:
            self._known[expression] = self._infer(expression)
        return self._known[expression]

    def condition(self, condition: Any) -> Any:
        """A condition with like compared to like; `UnitError` if some part does not fit."""
        return self._condition(condition)

    def _infer(self, expression: Any) -> tuple[Any, Any]:
        if expression.is_Symbol:
            return self._units.get(expression), expression
        if expression.is_number:
            return (None if expression == 0 else _DIMENSIONLESS), expression
        if expression.is_Mul:
            return self._product(expression)
        if expression.is_Pow or isinstance(expression, power):
            return self._power(expression)
        if isinstance(expression, sp.Piecewise):
            return self._piecewise(expression)
        if isinstance(expression, sp.Add | sp.Max | sp.Min):
            unit, arguments = self._alike(expression.args, expression)
            return unit, expression.func(*arguments)
        if isinstance(expression, sp.Abs):
            unit, argument = self.infer(expression.args[0])
            return unit, sp.Abs(argument)
        if isinstance(expression, sp.exp | log | Elementary):
            return _DIMENSIONLESS, expression.func(self._plain(expression.args[0], expression.func.__name__))
        raise UnitError(f"'{expression}' is not of the grammar")

    def _factor(self, expression: Any, own: Any, target: Any) -> Any:
        try:
            factor = conversion(own, target)
        except UnitError as error:
            message = f"'{shortened(expression)}' has unit '{unit_text(own)}', expected '{unit_text(target)}'"
            raise UnitError(message) from error
        return sp.Rational(factor)

    def _plain(self, expression: Any, use: str) -> Any:
        unit, converted = self.infer(expression)
        if unit is None:
            return converted
        if not unit.dimensionless:
            hint = "divide it by a reference value"
            raise UnitError(f"{use} of '{shortened(expression)}', which has unit '{unit_text(unit)}'; {hint}")
        return self._factor(expression, unit, _DIMENSIONLESS) * converted

    def _inferred(self, parts: Iterable[Any]) -> list[tuple[Any, Any]]:
        """The units and rewritings of several expressions; the faults of all of them, not of the first alone."""
        faults, inferred = Faults(), []
        for part in parts:
            with faults.gather():
                inferred.append(self.infer(part))
        if len(faults):
            raise UnitError(*faults)
        return inferred

    def _product(self, expression: Any) -> tuple[Any, Any]:
        unit, factors = _DIMENSIONLESS, []
        for own, converted in self._inferred(expression.args):
            unit = None if unit is None or own is None else unit * own
            factors.append(converted)
        return unit, sp.Mul(*factors)

    def _power(self, expression: Any) -> tuple[Any, Any]:
        base, exponent = expression.args
        plain_exponent = self._plain(exponent, "power")
        unit, converted = self.infer(base)
        if unit is None:
            return None, power(converted, plain_exponent)
        if plain_exponent.is_Rational:
            number = int(plain_exponent) if plain_exponent.is_Integer else float(plain_exponent)
            return unit**number, power(converted, plain_exponent)
        return _DIMENSIONLESS, power(self._plain(base, "power with an exponent that is no number"), plain_exponent)

    def _piecewise(self, expression: Any) -> tuple[Any, Any]:
        unit, values = self._alike([value for value, _ in expression.args], expression)
        conditions = [self._condition(condition) for _, condition in expression.args]
        return unit, expression.func(*zip(values, conditions, strict=True))

    def _condition(self, condition: Any) -> Any:
        if condition in (sp.true, sp.false):
            return condition
        if isinstance(condition, sp.And | sp.Or | sp.Xor | sp.Not):
            return condition.func(*map(self._condition, condition.args))
        _, sides = self._alike(condition.args, condition)
        return condition.func(*sides)

    def _alike(self, parts: Any, whole: Any) -> tuple[Any, list[Any]]:
        inferred = self._inferred(parts)
        named = [(unit, part) for (unit, _), part in zip(inferred, parts, strict=True) if unit is not None]
        if not named:
            return None, [converted for _, converted in inferred]
        # a symbol names the unit of a sum better than a bare number does
        unit, reference = next(((u, p) for u, p in named if not u.dimensionless), named[0])
        converted = []
        for (own, rewritten), part in zip(inferred, parts, strict=True):
            if own is not None and own.dimensionality != unit.dimensionality:
                beside = f"'{shortened(reference)}' beside it in '{shortened(whole)}' has '{unit_text(unit)}'"
                raise UnitError(f"'{shortened(part)}' has unit '{unit_text(own)}' but {beside}")
            converted.append(rewritten if own is None else self._factor(part, own, unit) * rewritten)
        return unit, converted
