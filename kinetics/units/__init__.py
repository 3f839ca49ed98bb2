"""Units: one pint registry, a reader of unit text that never hands raw text to pint's parser, exact conversions."""

from kinetics.units.conversion import conversion
from kinetics.units.laboratory import laboratory_unit, percent_of
from kinetics.units.quantity import adopt, check_duration, parse_quantity, read_number, to_unit
from kinetics.units.reader import Quantity, Unit, parse_unit, registry
from kinetics.units.text import display_unit, unit_text, written_unit

__all__ = [
    "Quantity",
    "Unit",
    "adopt",
    "check_duration",
    "conversion",
    "display_unit",
    "laboratory_unit",
    "parse_quantity",
    "parse_unit",
    "percent_of",
    "read_number",
    "registry",
    "to_unit",
    "unit_text",
    "written_unit",
]
