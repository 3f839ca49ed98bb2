"""Units: one pint registry, a reader of unit text that never hands raw text to pint's parser, exact conversions."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

import pint

from kinetics.errors import UnitError

__all__ = ["adopt", "conversion", "display_unit", "parse_quantity", "parse_unit", "registry", "to_unit", "unit_text"]

registry = pint.UnitRegistry()
"""The package's own: other packages change settings of pint's shared one, such as ``force_ndarray_like``."""

MAX_EXPONENT = 12
MAX_LENGTH = 80
_COUNTS = {"1e3/L": "milliliter", "1e6/L": "microliter", "1e9/L": "nanoliter", "1e12/L": "picoliter"}
_TOKEN = re.compile(r"\s*(1e(?:3|6|9|12)\s*/\s*L\b|[^\W\d]+|%|[0-9]+|\*\*|[*/^()-])")
_QUANTITY = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?:\s+(\S.*?))?\s*")
_TIMES = ("second", "minute", "hour", "day", "week", "month", "year")


class _UnitReader:
    """Recursive descent over ``factor (('*' | '/') factor)*`` with small whole exponents."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens(text.strip())
        self.position = 0

    def _tokens(self, text: str) -> list[str]:
        tokens, position = [], 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise UnitError(f"cannot read unit '{self.text}' at '{text[position:]}'; write products such as 'mg/L'")
            tokens.append("".join(match[1].split()))
            position = match.end()
        return tokens

    @property
    def _token(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._token
        self.position += 1
        return token

    def _accept(self, *wanted: str) -> str:
        return self._next() if self._token in wanted else ""

    def read(self) -> Any:
        unit = self._product()
        if self.position < len(self.tokens):
            raise UnitError(f"cannot read unit '{self.text}' at '{self.tokens[self.position]}'")
        if any(abs(exponent) > MAX_EXPONENT for exponent in unit._units.values()):
            raise UnitError(f"unit '{self.text}' has an exponent beyond {MAX_EXPONENT}")
        return unit

    def _product(self) -> Any:
        unit = self._power()
        while operator := self._accept("*", "/"):
            if operator == "/" and self._token in _COUNTS:
                raise UnitError(f"unit '{self.text}' divides by a count; put the count in brackets")
            unit = unit * self._power() if operator == "*" else unit / self._power()
        return unit

    def _power(self) -> Any:
        is_count = self._token in _COUNTS
        base = self._atom()
        if self._accept("^", "**"):
            if is_count:
                raise UnitError(f"a power of a count in unit '{self.text}'; put the count in brackets")
            sign = -1 if self._accept("-") else 1
            digits = self._next()
            if not digits.isdigit() or len(digits) > 3 or not 1 <= int(digits) <= MAX_EXPONENT:
                raise UnitError(f"exponent in unit '{self.text}' must be a whole number from 1 to {MAX_EXPONENT}")
            base = base ** (sign * int(digits))
            if self._accept("^", "**"):
                raise UnitError(f"a power of a power in unit '{self.text}'")
        return base

    def _atom(self) -> Any:
        token = self._next()
        if token == "(":
            unit = self._product()
            if self._next() != ")":
                raise UnitError(f"missing ')' in unit '{self.text}'")
            return unit
        if token in ("1", "cell", "cells"):
            return registry.Unit("")
        if token in _COUNTS:
            return registry.Unit(_COUNTS[token]) ** -1
        if token != "%" and not token.replace("_", "a").isalpha():
            raise UnitError(f"cannot read unit '{self.text}' at '{token or 'its end'}'; only 1, 1e9/L and unit names")
        return _named(token, self.text)


def _named(name: str, text: str) -> Any:
    try:
        unit = registry.Unit("percent" if name == "%" else name)
        multiplicative = registry.Quantity(1, unit)._is_multiplicative
    except Exception as error:  # pint raises many kinds on odd names; each means the same to the reader
        raise UnitError(f"unknown unit '{name}' in '{text}'") from error
    if not multiplicative:
        raise UnitError(f"unit '{name}' has an offset; use one that is a plain factor")
    return unit


def parse_unit(text: str) -> Any:
    """Read a unit.

    Parameters
    ----------
    text : str
        A product of pint unit names with whole exponents of at most 12; also ``1e9/L`` and ``cells/uL``.

    Returns
    -------
    pint.Unit

    Raises
    ------
    UnitError
        If the text is no such product.

    Examples
    --------
    >>> parse_unit("1e9/L") == parse_unit("1/nL")
    True
    >>> parse_unit("10**10**8")
    Traceback (most recent call last):
    kinetics.errors.UnitError: cannot read unit '10**10**8' at '10'; only 1, 1e9/L and unit names
    """
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise UnitError(f"a unit is a text of at most {MAX_LENGTH} characters")
    if not text.strip():
        raise UnitError("missing unit; write '1' for a dimensionless number")
    if text.count("(") > 8:
        raise UnitError(f"unit '{text}' is nested too deeply")
    return _read(text)


@lru_cache(maxsize=1024)
def _read(text: str) -> Any:
    return _UnitReader(text).read()


def parse_quantity(text: str, unit: str | Any | None = None) -> tuple[float, Any]:
    """Read a number with its unit, and convert it if asked.

    Parameters
    ----------
    text : str
        For example ``"12 mg"``, ``"35 month"``, ``"0.4 1e9/L"``.
    unit : str or pint.Unit, optional
        The unit to convert to; without it the quantity keeps its own.

    Returns
    -------
    value : float
    unit : pint.Unit

    Raises
    ------
    UnitError
        If the text is no quantity, is not finite, or has another dimension.

    Examples
    --------
    >>> parse_quantity("2 month", "day")[0]
    60.875
    """
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_LENGTH else None
    if match is None:
        raise UnitError(f"cannot read quantity {str(text)[:60]!r}; write a number, a space and a unit, such as '12 mg'")
    if match[2] is None:
        raise UnitError(f"quantity '{text}' has no unit; write for example '{match[1]} day'")
    own = parse_unit(match[2])
    target = own if unit is None else parse_unit(unit) if isinstance(unit, str) else unit
    value = float(match[1]) * float(conversion(own, target))
    if not math.isfinite(value):
        raise UnitError(f"quantity '{text}' is not finite")
    return value, target


def adopt(quantity: Any) -> tuple[float, Any]:
    """The number and the unit of a pint quantity of any registry.

    Raises
    ------
    UnitError
        If it is no single finite number, or its unit is unknown here.

    Examples
    --------
    >>> adopt(pint.get_application_registry().Quantity(12, "mg"))
    (12.0, <Unit('milligram')>)
    """
    if not isinstance(quantity, pint.Quantity):
        raise UnitError(f"{quantity!r:.60} has no unit; write a quantity such as '12 mg'")
    try:
        number = float(quantity.magnitude)
        unit = registry.Unit(quantity.units._units)
    except (TypeError, ValueError, AttributeError, pint.UndefinedUnitError) as error:
        raise UnitError(f"quantity {quantity!s:.60}: must be one finite number in a known unit") from error
    if not math.isfinite(number):
        raise UnitError(f"quantity {quantity!s:.60}: must be one finite number")
    return number, unit


def to_unit(value: Any, unit: str | Any) -> float:
    """Turn a quantity text or a pint quantity into a float in ``unit``; a bare number is refused.

    Examples
    --------
    >>> to_unit("1 week", "day")
    7.0
    """
    target = parse_unit(unit) if isinstance(unit, str) else unit
    number, own = parse_quantity(value) if isinstance(value, str) else adopt(value)
    return number * float(conversion(own, target))


@lru_cache(maxsize=4096)
def conversion(source: Any, target: Any) -> Fraction:
    """The factor from one unit to another, the exact fraction where the units are defined by one.

    Raises
    ------
    UnitError
        If the dimensions differ.

    Examples
    --------
    >>> conversion(parse_unit("1e9/L"), parse_unit("cells/uL"))
    Fraction(1000, 1)
    """
    if source == target:
        return Fraction(1)
    if source.dimensionality != target.dimensionality:
        raise UnitError(f"'{unit_text(source)}' is not a kind of '{unit_text(target)}'")
    return _scale(source) / _scale(target)


def _scale(unit: Any) -> Fraction:
    """The factor from a unit to the root units of pint."""
    scale = Fraction(1)
    for name, exponent in unit._units.items():
        root, power = _root(name), Fraction(exponent)
        scale *= root**power.numerator if power.denominator == 1 else Fraction(float(root) ** float(power))
    return scale


@lru_cache(maxsize=1024)
def _root(name: str) -> Fraction:
    root: Any = registry.get_root_units(name)
    factor = float(root[0])
    return _exact(factor) if factor >= 1 else 1 / _exact(1 / factor)


def _exact(factor: float) -> Fraction:
    # pint computes factors in floating point; the shortest fraction within a few roundings of one is the factor meant
    near = (Fraction(factor).limit_denominator(limit) for limit in (1, 10**3, 10**6, 10**9))
    return next((short for short in near if abs(float(short) - factor) <= 8e-16 * factor), Fraction(factor))


def _symbol(name: str) -> str:
    """The short form of a unit's name if it is plain text that means the same to pint, else the name."""
    symbol = registry.get_symbol(name).replace("µ", "u").replace("μ", "u")
    if name.endswith("liter"):
        symbol = symbol[:-1] + "L"
    is_plain = name not in _TIMES and symbol.isascii() and symbol.isalpha()
    return symbol if is_plain and registry.Unit(symbol) == registry.Unit(name) else name


@lru_cache(maxsize=1024)
def unit_text(unit: Any) -> str:
    """Write a unit as CF-like text that pint and `parse_unit` read back.

    Examples
    --------
    >>> unit_text(parse_unit("1e9/L")), unit_text(parse_unit("mg/L/day")), unit_text(parse_unit("1"))
    ('1/nL', 'mg/L/day', '1')
    """

    def power(name: str, exponent: float) -> str:
        return _symbol(name) if exponent == 1 else f"{_symbol(name)}^{exponent:g}"

    items = sorted(unit._units.items(), key=lambda item: (item[0] in _TIMES, item[0]))
    above = "*".join(power(name, exponent) for name, exponent in items if exponent > 0)
    below = "".join("/" + power(name, -exponent) for name, exponent in items if exponent < 0)
    return (above or "1") + below


def display_unit(unit: Any) -> str:
    """Write a unit for tables and axes: counts as 1e9/L, a dimensionless number as nothing.

    Examples
    --------
    >>> display_unit(parse_unit("1/nL")), display_unit(parse_unit("1/nL/day")), display_unit(parse_unit("1"))
    ('1e9/L', '1e9/L/day', '')
    """
    text = unit_text(unit)
    return "" if text == "1" else re.sub(r"^1/nL(?=/|$)", "1e9/L", text)
