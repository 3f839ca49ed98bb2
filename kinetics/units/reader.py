"""Unit text to pint units, by a small grammar of its own; the one registry."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import pint
from pint.facets.plain import PlainQuantity

from kinetics.errors import UnitError

Unit: TypeAlias = pint.Unit
if TYPE_CHECKING:
    Quantity: TypeAlias = PlainQuantity[float]
else:
    Quantity = pint.Quantity


class _Registry(pint.UnitRegistry[Any]):
    """Looks up the dimension of a unit when it is first needed: of those that pint knows a process uses some twenty."""

    def _build_cache(self, loaded_files: Any = None) -> None:
        """Do not work out all of them at the start, which takes pint as long as all else."""


registry: pint.UnitRegistry[Any] = _Registry()
"""The package's own: other packages change settings of pint's shared one, such as ``force_ndarray_like``."""

MAX_EXPONENT = 12
MAX_LENGTH = 80
_COUNTS = {"1e3/L": "milliliter", "1e6/L": "microliter", "1e9/L": "nanoliter", "1e12/L": "picoliter"}
# a count of cells as people write it, with x or a cross before it or not
_COUNT = r"(?:1e|(?:[x×]\s*)?10\s*(?:\^|\*\*)\s*)(3|6|9|12)\s*/\s*L\b"
_TOKEN = re.compile(rf"\s*(?:{_COUNT}|([^\W\d]+|%|[0-9]+|\*\*|[*/^()-]))")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED = re.compile("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")


class _UnitReader:
    """Recursive descent over ``factor (('*' | '/') factor)*`` with small whole exponents."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens(_plain(text))
        self.position = 0

    def _tokens(self, text: str) -> list[str]:
        tokens, position = [], 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise UnitError(f"cannot read unit '{self.text}' at '{text[position:]}'; write products such as 'mg/L'")
            tokens.append(f"1e{match[1]}/L" if match[1] else match[2])
            position = match.end()
        return tokens

    @property
    def _token(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._token
        self.position += 1
        return token

    def _accept(self, *operators: str) -> str:
        return self._next() if self._token in operators else ""

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
            if not (digits.isascii() and digits.isdecimal()) or len(digits) > 3 or not 1 <= int(digits) <= MAX_EXPONENT:
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


def _plain(text: str) -> str:
    """The text with raised digits and products as a keyboard has them: ``m²`` is ``m^2``, ``mg·L⁻¹`` is ``mg*L^-1``."""
    raised = _RAISED.sub(lambda digits: f"^{digits[0].translate(_SUPERSCRIPTS)}", text.strip())
    return re.sub(r"(?<=[^\s*/^(])\s*[·⋅×]\s*(?!10\b)", "*", raised)


def _named(name: str, text: str) -> Unit:
    try:
        unit = registry.Unit("percent" if name == "%" else name)
        multiplicative = registry.Quantity(1, unit)._is_multiplicative
    except Exception as error:  # pint raises many kinds on odd names; each means the same to the reader
        raise UnitError(f"unknown unit '{name}' in '{text}'") from error
    if not multiplicative:
        raise UnitError(f"unit '{name}' has an offset; use one that is a plain factor")
    return unit


def parse_unit(text: str) -> Unit:
    """Read a unit: a product of pint's names with whole exponents of at most 12, raised or behind ``^``.

    Also ``1e9/L``, which may be written ``10^9/L``, ``10⁹/L`` or ``×10⁹/L``, and ``cells/uL``.

    Raises
    ------
    UnitError
        If the text is no such product.

    Examples
    --------
    >>> parse_unit("1e9/L") == parse_unit("1/nL")
    True
    >>> parse_unit("10⁹/L") == parse_unit("×10^9/L") == parse_unit("1e9/L"), parse_unit("mm³") == parse_unit("mm^3")
    (True, True)
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
