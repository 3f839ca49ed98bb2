"""Parameter values that differ from the cohort's, as text: ``pk.CL = 2 L/day; pk.f = 0.5``."""

from __future__ import annotations

from kinetics.errors import Faults, InputError
from kinetics.model import Model
from kinetics.model.ranges import out_of_range
from kinetics.units import parse_unit, to_unit

__all__ = ["read_settings"]


def read_settings(text: str | None, model: Model) -> dict[str, float]:
    """Values by flat name, in the units of the model.

    Parameters
    ----------
    text : str or None
        ``NAME = VALUE UNIT``, apart by semicolons; a dimensionless value needs no unit, the last of a name counts.
    model : Model
        Whose parameters they are.

    Raises
    ------
    InputError
        With everything that is wrong: an unknown parameter, another dimension, a value out of range.
    """
    values: dict[str, float] = {}
    faults = Faults()
    for part in filter(None, map(str.strip, (text or "").split(";"))):
        name, equals, value = (word.strip() for word in part.partition("="))
        try:
            if not (equals and value):
                raise InputError("write NAME = VALUE UNIT, apart by semicolons")
            values |= _value(name, value, model)
        except InputError as error:
            faults.add(f"set {part[:60]}: {error}")
    faults.raise_if_any()
    return values


def _value(name: str, text: str, model: Model) -> dict[str, float]:
    """One value by its flat name."""
    flat = model.flat_name(name)
    unit = (model.parameters.get(flat) or model.inputs[flat]).unit
    bare = len(text.split()) == 1 and unit == parse_unit("1")
    value = to_unit(f"{text} 1" if bare else text, unit)
    if wrong := list(out_of_range(model.parameters[flat], value)) if flat in model.parameters else []:
        raise InputError("; ".join(wrong))
    return {flat: value}
