"""Limits of a figure file: lengths of texts; numbers of panels, curves, ticks and simulated times."""

from __future__ import annotations

from collections.abc import Sized
from typing import Annotated

from pydantic import Field, StrictStr

from kinetics.errors import Faults, UnitError
from kinetics.files.documents import Document
from kinetics.units import to_unit

__all__ = ["MAX_CURVES", "MAX_PANELS", "Label", "Note", "Title", "check_number", "check_ticks", "check_times"]

Title = Annotated[StrictStr, Field(max_length=300)]
Note = Annotated[StrictStr, Field(max_length=3000)]
Label = Annotated[StrictStr, Field(min_length=1, max_length=200)]

MAX_PANELS = 48
MAX_CURVES = 200
MAX_TICKS = 200
MAX_TIMES = 20_000
MAX_VALUES = 10_000_000
"""Simulated times, summed over all runs of a curve."""


def check_number(rows: object, most: int, document: Document, key: str, faults: Faults) -> None:
    """Note it if a figure file has too many tables of a name.

    Parameters
    ----------
    rows : object
        What the file says under ``key``. Other checks report what is no list or table.
    most : int
        How many there may be.
    document : Document
        The file.
    key : str
        The name.
    faults : Faults
        Where it is noted.
    """
    if isinstance(rows, Sized) and len(rows) > most:
        faults.add(f"has {len(rows)}; at most {most}", document.where(key), key)


def check_ticks(until: str, ticks: str, document: Document, faults: Faults) -> None:
    """Note an axis with too many ticks. Other checks report texts that are no times."""
    number = _ratio(until, ticks)
    if number > MAX_TICKS:
        message = f"gives {number:.0f} ticks until {until}; at most {MAX_TICKS}"
        faults.add(message, document.where("time", "ticks"), "time.ticks")


def check_times(until: str, every: str, runs: int, document: Document, faults: Faults) -> None:
    """Note it if a figure would simulate too many times. Other checks report texts that are no times.

    Parameters
    ----------
    until, every : str
        Of ``[figure]``.
    runs : int
        How many are simulated: patients, or draws of parameters.
    document : Document
        The file.
    faults : Faults
        Where it is noted.
    """
    place = document.where("figure", "every"), "figure.every"
    number = _ratio(until, every)
    if number > MAX_TIMES:
        faults.add(f"gives {number:.0f} times until {until}; at most {MAX_TIMES}", *place)
    elif number * runs > MAX_VALUES:
        faults.add(f"gives {number:.0f} times of {runs} runs; at most {MAX_VALUES} in all", *place)


def _ratio(whole: str, part: str) -> float:
    try:
        length, step = to_unit(whole, "day"), to_unit(part, "day")
    except UnitError:
        return 0.0
    return length / step if length > 0 and step > 0 else 0.0
