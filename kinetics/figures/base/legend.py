"""The legend of a figure: what is simulated, what is published, and what was given."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.labels import STATISTICS
from kinetics.figures.base.style import DOTTED, GREY, small
from kinetics.files.bibliography import CHOICE, find_source
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen
from kinetics.units import conversion, parse_unit, unit_text

__all__ = [
    "Entry",
    "add_legend",
    "courses_text",
    "limit_entry",
    "published_text",
    "regimen_text",
    "source_text",
    "text_entry",
    "typical_patient",
]

Entry = tuple[Artist | tuple[Artist, ...], str]

_INTERVALS = {"confidence": "95 % interval", "quartiles": "quartiles", "extremes": "extremes"}


def text_entry(text: str) -> Entry:
    """An entry of words alone."""
    return Patch(alpha=0), text


def limit_entry(text: str) -> Entry:
    """What a dotted line means."""
    return Line2D([], [], color=GREY, linewidth=0.8, linestyle=DOTTED), text


def typical_patient(cohort: object) -> str:
    """Whose course is drawn."""
    return f"typical patient{f', cohort {cohort}' if cohort else ''}"


def source_text(key: str, folder: Path) -> str:
    """A source in short, by its key in the bibliography."""
    source = find_source(key, folder)
    return source.short if source else key


def published_text(rows: Iterable[PublishedRow], bars: str, folder: Path, kinds: Mapping[str, str]) -> str:
    """What published points of one kind and one source are: kind, statistics with their bars, source.

    ``bars`` is "sd" or "se", the bar of a mean with a published standard deviation; ``kinds`` says what is said of
    each kind, with a place for ``{statistics}``; the bibliography is looked for in ``folder`` first.
    """
    rows = list(rows)
    statistics = dict.fromkeys(STATISTICS[row.statistic] + _bar_text(row, bars) for row in rows)
    text = kinds[rows[0].kind].format(statistics="; ".join(statistics))
    if rows[0].source == CHOICE:
        return f"chosen, not published: {text}"
    return f"published: {text} ({source_text(rows[0].source, folder)})"


def _bar_text(row: PublishedRow, bars: str) -> str:
    if row.is_range:
        return ""
    if row.lower is not None and row.upper is not None:
        return f" and {_INTERVALS[row.interval]}"
    return f" ± {bars.upper()}" if row.sd is not None and row.kind != "time_to_threshold" else ""


def courses_text(regimen: Regimen, time: str) -> str:
    """What was given when, in words; ``time`` is the unit of time to write.

    Examples
    --------
    >>> from kinetics.regimen import Course
    >>> courses_text(Course.of("drug_a", "12 mg", every="1 day", count=3).repeat(2, every="12 month"), "month")
    'course of drug_a: 36 mg at month 0, 12'
    """
    factor = float(conversion(parse_unit("day"), parse_unit(time)))
    starts: dict[str, dict[str, list[str]]] = {}
    for course in regimen.courses:
        start = f"{round(course.start.magnitude * factor, 2):g}"
        for drug in dict.fromkeys(dose.drug for dose in course.doses):
            amounts = [dose.amount for dose in course.doses if dose.drug == drug]
            total: Any = sum(amounts[1:], amounts[0])
            amount = f"{total.magnitude:g} {unit_text(total.units)}".removesuffix(" 1")
            starts.setdefault(drug, {}).setdefault(amount, []).append(start)
    return "; ".join(
        f"course of {drug}: " + ", ".join(f"{amount} at {time} {', '.join(times)}" for amount, times in amounts.items())
        for drug, amounts in starts.items()
    )


def regimen_text(regimen: Regimen, time: str) -> str:
    """Courses and rules of a regimen, in words."""
    return "; ".join([courses_text(regimen, time), *map(str, regimen.rules)])


def add_legend(figure: Figure, entries: Iterable[Entry], width: int) -> Legend:
    """Put a legend at the lower left corner; labels are broken at ``width`` characters."""
    handles, labels = zip(
        *((handle, "\n".join(textwrap.wrap(label, width, break_on_hyphens=False))) for handle, label in entries),
        strict=True,
    )
    longest = max(len(line) for label in labels for line in label.splitlines())
    return figure.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 0),
        ncols=2 if 2 * longest + 8 < width else 1,
        frameon=False,
        fontsize=small(),
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.4)},
        handlelength=2.6,
        borderaxespad=0,
        borderpad=0.1,
        labelspacing=0.35,
    )
