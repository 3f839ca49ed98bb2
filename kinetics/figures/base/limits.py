"""How many panels, curves, ticks and simulated times a figure may have."""

from __future__ import annotations

from kinetics.comparison.spec import FARTHEST, ends_apart
from kinetics.errors import InputError, UnitError
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import CountPanelRow, PanelRow, TimedHeaderRow, TimeRow
from kinetics.units import conversion, parse_unit, to_unit

__all__ = ["MAX_CURVES", "MAX_PANELS", "check_ends", "check_panel", "check_times"]

MAX_PANELS = 48
MAX_CURVES = 200
MAX_TICKS = 200
MAX_TIMES = 20_000
MAX_VALUES = 10_000_000
"""Simulated times, summed over all runs of a curve."""


def check_times(
    reader: SpecReader, header: TimedHeaderRow | None, time: TimeRow, runs: int = 1, most: int = MAX_TIMES
) -> None:
    """Note what is wrong with the axis of time, and with the times that ``runs`` simulations have."""
    with reader.at("time", "unit"):
        conversion(parse_unit("day"), parse_unit(time.unit))
    reader.check_duration(time.ticks, "time", "ticks")
    if header is None:
        return
    until = header.until
    reader.check_duration(until, "figure", "until")
    reader.check_duration(header.every, "figure", "every")
    if (number := _ratio(until, time.ticks)) > MAX_TICKS:
        reader.add(f"gives {number:.0f} ticks until {until}; at most {MAX_TICKS}", "time", "ticks")
    number = _ratio(until, header.every)
    if number > most:
        reader.add(f"gives {number:.0f} times until {until}; at most {most}", "figure", "every")
    elif number * runs > MAX_VALUES:
        reader.add(f"gives {number:.0f} times of {runs} runs; at most {MAX_VALUES} in all", "figure", "every")


def _ratio(whole: str, part: str) -> float:
    """How often one time goes into another; 0 if a text is no positive time, which other checks report."""
    try:
        length, step = to_unit(whole, "day"), to_unit(part, "day")
    except UnitError:
        return 0.0
    return length / step if length > 0 and step > 0 else 0.0


def check_panel(reader: SpecReader, name: str, row: CountPanelRow) -> None:
    """Note what is wrong between the values of a panel."""
    with reader.at("panels", name, "unit"):
        if parse_unit(row.unit) != parse_unit("percent") and row.percent_of_baseline:
            raise InputError("percent_of_baseline is in percent")
    check_ends(reader, name, row)


def check_ends(reader: SpecReader, name: str, row: PanelRow) -> None:
    """Note ends of a vertical axis that are no interval, or cannot be on its scale."""
    if row.lower is not None and row.upper is not None and not ends_apart(row.lower, row.upper):
        reader.add("lower is not below upper", "panels", name, "lower")
    for key, end in (("lower", row.lower), ("upper", row.upper)):
        if row.scale == "log" and end is not None and end < 1 / FARTHEST:
            reader.add("must be positive on a log scale", "panels", name, key)
