"""Exact factors from one unit to another."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

from kinetics.errors import UnitError
from kinetics.units.reader import Unit, registry
from kinetics.units.text import unit_text


@lru_cache(maxsize=4096)
def conversion(source: Any, target: Any) -> Fraction:
    """The factor from one unit to another, the exact fraction where the units are defined by one.

    Raises
    ------
    UnitError
        If the dimensions differ.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> conversion(parse_unit("1e9/L"), parse_unit("cells/uL"))
    Fraction(1000, 1)
    """
    if source == target:
        return Fraction(1)
    if source.dimensionality != target.dimensionality:
        raise UnitError(f"'{unit_text(source)}' is not a kind of '{unit_text(target)}'")
    return _scale(source) / _scale(target)


def _scale(unit: Unit) -> Fraction:
    """The factor from a unit to the root units of pint."""
    scale, powers = Fraction(1), cast("Mapping[str, float]", unit._units)
    for name, exponent in powers.items():
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
