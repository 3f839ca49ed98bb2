"""Units to text: CF-like for files, counts as 1e9/L for readers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from kinetics.units.reader import Unit, registry

_TIMES = ("second", "minute", "hour", "day", "week", "month", "year")


def _symbol(name: str) -> str:
    """The short form of a unit's name if it is plain text that means the same to pint, else the name."""
    symbol = registry.get_symbol(name).replace("µ", "u").replace("μ", "u")
    if name.endswith("liter"):
        symbol = symbol[:-1] + "L"
    is_plain = name not in _TIMES and symbol.isascii() and symbol.isalpha()
    return symbol if is_plain and registry.Unit(symbol) == registry.Unit(name) else name


@lru_cache(maxsize=1024)
def unit_text(unit: Unit) -> str:
    """Write a unit as CF-like text that pint and `parse_unit` read back.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> unit_text(parse_unit("1e9/L")), unit_text(parse_unit("mg/L/day")), unit_text(parse_unit("1"))
    ('1/nL', 'mg/L/day', '1')
    """

    def power(name: str, exponent: float) -> str:
        return _symbol(name) if exponent == 1 else f"{_symbol(name)}^{exponent:g}"

    powers: dict[str, Any] = dict(unit._units)
    items = sorted(powers.items(), key=lambda item: (item[0] in _TIMES, item[0]))
    above = "*".join(power(name, exponent) for name, exponent in items if exponent > 0)
    below = "".join("/" + power(name, -exponent) for name, exponent in items if exponent < 0)
    return (above or "1") + below


def display_unit(unit: Unit) -> str:
    """Write a unit for tables and axes: counts as 1e9/L, a dimensionless number as nothing.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> display_unit(parse_unit("1/nL")), display_unit(parse_unit("1/nL/day")), display_unit(parse_unit("1"))
    ('1e9/L', '1e9/L/day', '')
    """
    text = unit_text(unit)
    return "" if text == "1" else re.sub(r"^1/nL(?=/|$)", "1e9/L", text)


def written_unit(unit: Unit) -> str:
    """Write a unit for cells, CSV and JSON: as `display_unit`, but a dimensionless number as 1; `parse_unit` reads it.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> written_unit(parse_unit("1/nL")), written_unit(parse_unit("1"))
    ('1e9/L', '1')
    """
    return display_unit(unit) or "1"
