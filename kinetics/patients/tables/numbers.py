"""Numbers of cells: decimal points and commas, and values that stand behind ``<`` or ``>``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from kinetics.errors import InputError
from kinetics.patients.tables.cells import Cell
from kinetics.text.escaping import one_line
from kinetics.units import read_number

_SIGN = re.compile(r"(<=|>=|[<>≤≥])?\s*")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")
_POINT = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:[,.][0-9]{3})+")
"""A number whose commas, or points, may stand between thousands."""


@dataclass(frozen=True)
class CensoredNumber:
    """A number, and whether the true one is known only to lie ``"below"`` or ``"above"`` it."""

    value: float
    censored: Literal["", "below", "above"] = ""


@lru_cache(maxsize=65536, typed=True)
def read_number_cell(cell: Cell, decimal: str = ".") -> CensoredNumber:
    """Read a number, which may stand behind ``<`` or ``>``; `InputError` if it is none.

    Examples
    --------
    >>> read_number_cell("0,85", ","), read_number_cell("< 20"), read_number_cell(3)
    (CensoredNumber(value=0.85, censored=''), CensoredNumber(value=20.0, censored='below'), CensoredNumber(value=3.0,...
    >>> read_number_cell("1,234", "?")
    Traceback (most recent call last):
    kinetics.errors.InputError: may be 1.234 or 1234: '1,234'; state [patients] decimal = "," or "."
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise InputError(f"is no number: {cell!s:.40}")
    if not isinstance(cell, str):
        if not math.isfinite(cell):
            raise InputError(f"is no finite number: {cell}")
        return CensoredNumber(float(cell))
    sign, text = split_sign(cell)
    return CensoredNumber(_plain_number(text, decimal), "" if not sign else "below" if sign[0] in "<≤" else "above")


def split_sign(text: str) -> tuple[str, str]:
    """The sign ``<``, ``<=``, ``>`` or ``>=`` in front of a number, and the rest.

    Examples
    --------
    >>> split_sign("< 20 "), split_sign("-3")
    (('<', '20'), ('', '-3'))
    """
    plain = text.strip()
    match = _SIGN.match(plain)
    return (match[1] or "", plain[match.end() :]) if match else ("", plain)


def _plain_number(text: str, decimal: str) -> float:
    shown = one_line(text[:40])
    if text[:1] in ("=", "@"):
        raise InputError(f"is a formula, '{shown}'; write the number itself")
    if decimal == "?" and (_COMMA.fullmatch(text) or _THOUSANDS.fullmatch(text)):
        whole = text.replace(",", "").replace(".", "")
        point = text.replace(",", ".")
        raise InputError(f'may be {point} or {whole}: \'{shown}\'; state [patients] decimal = "," or "."')
    if decimal == "," and "." in text and _POINT.fullmatch(text):
        raise InputError(f"has a decimal point, and others of the column a comma: '{shown}'; write one of them")
    if decimal != "," and "," in text and _COMMA.fullmatch(text):
        raise InputError(f"has a comma: '{shown}'; write a decimal point, and no comma between thousands")
    value = read_number(text.replace(",", ".") if decimal == "," else text)
    if value is None:
        raise InputError(f"is no number: '{shown}'")
    return value


def decimal_sign(cells: Iterable[str], separator: str) -> str:
    """The decimal sign of a column: ``","``, ``"."``, or ``"?"`` where commas or points may stand between thousands.

    A file with semicolons comes from where the comma is the decimal sign, and the point stands between thousands.

    Examples
    --------
    >>> decimal_sign(["0,85", "1,2"], "tab"), decimal_sign(["1,234"], ";"), decimal_sign(["1,234", "900"], "tab")
    (',', ',', '?')
    >>> decimal_sign(["1.200", "300"], ";"), decimal_sign(["1.200", "0.85"], ";"), decimal_sign(["1.200", "300"], "tab")
    ('?', '.', '.')
    """
    commas, points, clear, clear_points = 0, 0, 0, 0
    for cell in cells:
        text = split_sign(cell)[1] if "," in cell or "." in cell else ""
        if "," in text and _COMMA.fullmatch(text):
            commas += 1
            clear += _THOUSANDS.fullmatch(text) is None
        elif "." in text and _POINT.fullmatch(text):
            points += 1
            clear_points += _THOUSANDS.fullmatch(text) is None
    if separator == ";" and points and not (commas or clear_points):
        return "?"
    if not commas or (points and not clear):
        return "."
    return "," if clear or (separator == ";" and not points) else "?"
