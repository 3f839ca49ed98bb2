"""Units of a model as definitions of SBML: kinds with exponent, scale and multiplier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kinetics.units import Unit, conversion, registry, unit_text

_KINDS = {
    "meter": "metre", "gram": "gram", "kilogram": "kilogram", "second": "second", "mole": "mole", "kelvin": "kelvin",
    "ampere": "ampere", "candela": "candela",
}  # fmt: skip
_LITRE = registry.Unit("liter")


class UnitPart(NamedTuple):
    """(multiplier * kind) ^ exponent."""

    kind: str
    exponent: float
    multiplier: float


def unit_parts(unit: Unit) -> list[UnitPart]:
    """What a unit is made of, in kinds of SBML.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> unit_parts(parse_unit("mg/L/day"))
    [UnitPart(kind='second', exponent=-1, multiplier=86400.0), UnitPart(kind='litre', exponent=-1, multiplier=1.0), \
UnitPart(kind='gram', exponent=1, multiplier=0.001)]
    """
    return [part for name, exponent in _components(unit) for part in _parts(name, exponent)]


def unit_identifier(unit: Unit) -> str:
    """An identifier that says what the unit is.

    >>> from kinetics.units import parse_unit
    >>> unit_identifier(parse_unit("1e9/L")), unit_identifier(parse_unit("mg/m^2"))
    ('unit_1_per_nL', 'unit_mg_per_m2')
    """
    text = unit_text(unit).replace("/", "_per_").replace("*", "_").replace("^", "").replace("-", "minus")
    return "unit_" + "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in text)


def _components(unit: Any) -> Iterator[tuple[str, float]]:
    yield from sorted(unit._units.items(), key=lambda item: (item[1], item[0]))


def _parts(name: str, exponent: float) -> Iterator[UnitPart]:
    """The kinds of one named unit: a litre stays a litre, a day is 86400 seconds."""
    root: Any = registry.Quantity(1, name).to_root_units()
    factor, bases = float(root.magnitude), dict(root.units._units.items())
    exponent = int(exponent) if float(exponent).is_integer() else exponent
    if bases == {"meter": 3}:
        yield UnitPart("litre", exponent, float(conversion(registry.Unit(name), _LITRE)))
    elif len(bases) == 1 and next(iter(bases.values())) == 1 and next(iter(bases)) in _KINDS:
        yield UnitPart(_KINDS[next(iter(bases))], exponent, factor)
    else:
        if factor != 1 or not bases:
            yield UnitPart("dimensionless", exponent, factor)
        for base, power in bases.items():
            yield UnitPart(_KINDS.get(base, "item"), exponent * power, 1.0)
