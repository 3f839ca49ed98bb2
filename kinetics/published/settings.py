"""Texts of ``NAME = VALUE`` apart by semicolons: settings of a row, and what a direction compares with."""

from __future__ import annotations

from collections.abc import Iterator

from kinetics.errors import Faults, InputError
from kinetics.model import Model
from kinetics.model.ranges import out_of_range
from kinetics.published.evidence_row import EvidenceRow
from kinetics.published.kinds import KINDS
from kinetics.units import parse_unit, to_unit

_VERSUS = ("kind", "cohort", "regimen", "output", "over", "time", "since", "level", "visits", "expression")
"""Columns that the other side of a comparison may have of its own."""


def read_settings(text: str | None, model: Model) -> dict[str, float]:
    """Values by flat name, in the units of the model, of ``pk.CL = 2 L/day; pk.f = 0.5``; the last of a name counts."""
    values: dict[str, float] = {}
    faults = Faults()
    for part, name, value in _parts(text):
        try:
            if not value:
                raise InputError("write NAME = VALUE UNIT, apart by semicolons")
            values |= _value(name, value, model)
        except InputError as error:
            faults.add(f"set {part[:60]}: {error}")
    faults.raise_if_any()
    return values


def versus_columns(row: EvidenceRow) -> EvidenceRow | None:
    """The row that a direction compares with: the same but for what ``versus`` says; None if it names nothing.

    A part is ``COLUMN = TEXT``, for the columns that say what is asked, or ``PARAMETER = VALUE``, which is set.
    """
    if row.versus is None:
        return None
    columns: dict[str, str] = {}
    settings = [] if row.set is None else [row.set]
    for part, name, text in _parts(row.versus):
        if not text:
            raise InputError(f"'{part[:60]}': write COLUMN = TEXT or PARAMETER = VALUE, apart by semicolons")
        if name == "kind" and text not in (compared := [name for name, kind in KINDS.items() if kind.compared]):
            raise InputError(f"unknown kind '{text[:60]}'; there are {', '.join(compared)}")
        if name in _VERSUS:
            columns[name] = text
        else:
            settings.append(part)
    return row.model_copy(update={**columns, "set": "; ".join(settings) or None})


def _parts(text: str | None) -> Iterator[tuple[str, str, str]]:
    """Each part as it is, its name and its value; without an equals sign the value is empty."""
    for part in filter(None, map(str.strip, (text or "").split(";"))):
        name, _, value = part.partition("=")
        yield part, name.strip(), value.strip()


def _value(name: str, text: str, model: Model) -> dict[str, float]:
    """One value by its flat name."""
    flat = model.flat_name(name)
    unit = (model.parameters.get(flat) or model.inputs[flat]).unit
    bare = len(text.split()) == 1 and unit == parse_unit("1")
    value = to_unit(f"{text} 1" if bare else text, unit)
    if wrong := list(out_of_range(model.parameters[flat], value)) if flat in model.parameters else []:
        raise InputError("; ".join(wrong))
    return {flat: value}
