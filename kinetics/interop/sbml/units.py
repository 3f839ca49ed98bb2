"""Units of SBML as texts of a model file; or none at all, if the file does not give all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from kinetics.errors import InputError
from kinetics.interop.sbml.contents import Contents, Quantity
from kinetics.units import parse_unit, unit_text

_OWN_NAMES = (
    "ampere becquerel candela coulomb farad gram gray henry hertz joule katal kelvin kilogram lumen lux mole newton "
    "ohm pascal second siemens sievert tesla volt watt weber"
)
_KINDS = {
    **dict.fromkeys(("dimensionless", "item", "radian", "steradian"), "1"),
    **dict.fromkeys(("litre", "liter"), "liter"),
    **dict.fromkeys(("metre", "meter"), "meter"),
    **{name: name for name in _OWN_NAMES.split()},
}
_PREFIXES = {
    -18: "atto", -15: "femto", -12: "pico", -9: "nano", -6: "micro", -3: "milli", -2: "centi", -1: "deci", 0: "",
    1: "deca", 2: "hecto", 3: "kilo", 6: "mega", 9: "giga", 12: "tera",
}  # fmt: skip
_LEAST = 1e-30
_TIMES = {60.0: "minute", 3600.0: "hour", 86400.0: "day", 604800.0: "week", 2629800.0: "month", 31557600.0: "year"}


class Units:
    """The unit of each thing of a file, by `units_of`; ``1`` of all of them if these are not checked."""

    is_checked = False
    time = of_rate = "1"

    def of(self, row: Quantity) -> str:
        """The unit of what mathematics means by a quantity."""
        return "1"

    def amount(self, row: Quantity) -> str:
        """The unit of the amount of a species."""
        return "1"

    def given(self, row: Quantity) -> str:
        """The unit of the value that the file gives of a quantity."""
        return "1"

    def per_time(self, unit: str) -> str:
        """A unit over that of time."""
        return "1"


class DeclaredUnits(Units):
    """Those that a file declares.

    Raises
    ------
    InputError
        For the first thing without a unit, or with one that no model file has.
    """

    is_checked = True

    def __init__(self, contents: Contents) -> None:
        self._contents, self._known = contents, dict[str, str]()
        self.time = self._named(contents.defaults.time, "time")
        self._extent = self._named(contents.defaults.extent, "extent") if contents.reactions else "1"
        self.of_rate = self.per_time(self._extent)
        parameters = (row for reaction in contents.reactions.values() for row in reaction.local.values())
        for row in (*contents.quantities.values(), *parameters):
            self.of(row)

    def of(self, row: Quantity) -> str:
        """The unit of what mathematics means by a quantity."""
        if row.kind == "stoichiometry":
            return "1"
        if row.kind == "compartment":
            sizes = {
                3: self._contents.defaults.volume,
                2: self._contents.defaults.area,
                1: self._contents.defaults.length,
            }
            default = sizes.get(int(row.dimensions), "") or ("dimensionless" if not row.dimensions else "")
            return self._named(row.unit or default, row.identifier)
        if row.kind == "species" and not row.only_substance:
            return self._concentration(row)
        return self.amount(row) if row.kind == "species" else self._named(row.unit, row.identifier)

    def amount(self, row: Quantity) -> str:
        """The unit of the amount of a species."""
        return self._named(row.unit or self._contents.defaults.substance, row.identifier)

    def per_time(self, unit: str) -> str:
        """A unit over that of time."""
        return _text(f"({unit})/({self.time})")

    def given(self, row: Quantity) -> str:
        """The unit of the value that the file gives of a quantity."""
        if row.kind != "species":
            return self.of(row)
        return self._concentration(row) if row.is_concentration else self.amount(row)

    def _concentration(self, row: Quantity) -> str:
        return _text(f"({self.amount(row)})/({self.of(self._contents.quantities[row.compartment])})")

    def _named(self, identifier: str, owner: str) -> str:
        if not identifier:
            raise InputError(f"'{owner}' has no unit")
        if identifier not in self._known:
            self._known[identifier] = self._read(identifier)
        return self._known[identifier]

    def _read(self, identifier: str) -> str:
        if identifier in self._contents.units:
            return _product(self._contents.units[identifier], identifier)
        return _product([(identifier, 1.0, 0, 1.0)], identifier)


def _product(factors: Iterable[tuple[str, float, int, float]], identifier: str) -> str:
    return _text("*".join(_factor(*factor, identifier) for factor in factors) or "1")


def _factor(kind: str, exponent: float, scale: int, multiplier: float, identifier: str) -> str:
    """A unit of a product; `InputError` if it has a factor, a power or a kind that no unit of a model file has."""
    fault = InputError(f"the unit '{identifier}' has no form in a model file")
    name, whole = _KINDS.get(kind, ""), int(exponent) if math.isfinite(exponent) else 0
    if not name or whole != exponent or not multiplier > 0:
        raise fault
    if kind == "second" and multiplier in _TIMES and scale == 0:
        name, multiplier = _TIMES[multiplier], 1.0
    if not math.isfinite(multiplier) or not _LEAST < multiplier < 1 / _LEAST:
        raise fault
    tens = round(math.log10(multiplier))
    if not math.isclose(multiplier, 10.0**tens, rel_tol=1e-12):
        raise fault
    scale += tens
    if name == "1" and scale == -2 and abs(whole) == 1:
        return "percent" if whole == 1 else "1/percent"
    if whole == 0 or (name == "1" and scale == 0):
        return "1"
    if name == "1" or scale not in _PREFIXES:
        raise fault
    return f"({_PREFIXES[scale]}{name})^{whole}" if whole > 0 else f"1/({_PREFIXES[scale]}{name})^{-whole}"


def _text(text: str) -> str:
    return unit_text(parse_unit(text))
