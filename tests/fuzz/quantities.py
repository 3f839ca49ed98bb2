"""Units, quantities and levels, right and wrong by a little."""

from __future__ import annotations

import random
from pathlib import Path

from case import Case
from kinetics.errors import KineticsError
from odd import CHARACTERS, NUMBERS, edited

__all__ = ["Quantities"]

NAMES = (
    "mg", "g", "ug", "kg", "L", "mL", "uL", "nL", "day", "month", "year", "hour", "minute", "1e9/L", "1e6/L", "cells",
    "cell", "percent", "%", "1", "m", "cm", "mol", "nmol", "IU", "degC", "delta_degC", "dB", "pH", "µg", "µL", "μL",
    "10^9/L", "10⁹/L", "m²", "count", "furlong", "light_year", "yottagram", "megamega", "pi", "c", "planck_constant",
    "dimensionless", "nan", "inf", "_", "__class__", "Å", "°C", "Ω",
)  # fmt: skip


class Quantities:
    """Read as a unit, as a quantity, as a duration and as a level, which must agree with what they print."""

    def __init__(self, folder: Path) -> None: ...

    def warm(self) -> None:
        for text in ("mg/L", "12 mg", "400 cells/uL", "40 % of baseline", "2 month"):
            self.read(text)

    def make(self, chance: random.Random) -> Case:
        text = _unit(chance, chance.randint(1, 4))
        if chance.random() < 0.6:
            text = f"{chance.choice(NUMBERS)}{chance.choice((' ', ' ', '  ', ''))}{text}"
        if chance.random() < 0.15:
            text += chance.choice((" of baseline", " of  baseline", " of base"))
        if chance.random() < 0.4:
            text = edited(text, chance, 2)
        return Case("quantity.txt", text.encode("utf-8", "surrogatepass"), lambda: self.read(text))

    def read(self, text: str) -> None:
        from kinetics.units import parse_quantity, parse_unit, to_unit, unit_text
        from kinetics.units.levels import read_level

        refused: list[KineticsError] = []
        readers = (parse_unit, parse_quantity, read_level, lambda one: to_unit(one, "day"))
        for reader in readers:
            try:
                value = reader(text)
            except KineticsError as error:
                refused.append(error)
            else:
                assert reader is not parse_unit or parse_unit(unit_text(value)) == value, "cannot be read back"
        if len(refused) == len(readers):
            raise refused[0]


def _unit(chance: random.Random, size: int) -> str:
    parts = []
    for _ in range(size):
        name = chance.choice(NAMES)
        if chance.random() < 0.25:
            name += chance.choice(("^", "**", "", "^-")) + chance.choice((*NUMBERS, *"123456789", "²", "⁹", "⁻¹"))
        if chance.random() < 0.1:
            name = f"({name})"
        if chance.random() < 0.03:
            name += chance.choice(CHARACTERS)
        parts += [name, chance.choice(("*", "/", "/", " ", "·"))]
    return "".join(parts[:-1])
