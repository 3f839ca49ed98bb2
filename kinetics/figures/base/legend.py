"""The key of a figure: what is simulated, what is published, and what was given."""

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
from kinetics.figures.base.style import GREY, SMALL
from kinetics.files.bibliography import CHOICE, find_source
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen
from kinetics.units import conversion, parse_unit, unit_text

__all__ = ["Entry", "add_key", "courses_text", "published_text", "simulated_entries"]

Entry = tuple[Artist | tuple[Artist, ...], str]

_KINDS = {
    "count": "{statistics}",
    "percent_of_baseline": "{statistics} in percent of baseline, drawn from the model's baseline",
    "time_to_threshold": "recovery time, {statistics}",
}
_INTERVALS = {"confidence": "95 % interval", "quartiles": "quartiles", "extremes": "extremes"}


def simulated_entries(band: bool, limit: bool) -> list[Entry]:
    """What lines and areas mean."""
    entries: list[Entry] = [(Line2D([], [], color=GREY), "simulated with the model: typical patient")]
    if band:
        entries.append(
            (
                Patch(facecolor=GREY, alpha=0.25, linewidth=0),
                "simulated with the model: 95 % interval over parameter uncertainty",
            )
        )
    if limit:
        entries.append(
            (Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (1, 1.5))), "lower limit of normal (LLN)")
        )
    return entries


def published_text(rows: Iterable[PublishedRow], bars: str, folder: Path, kinds: Mapping[str, str] = _KINDS) -> str:
    """What published points are: kind, statistics with their bars, source.

    Parameters
    ----------
    rows : iterable of PublishedRow
        Of one kind and one source.
    bars : {"sd", "se"}
        The bar of a mean with a published standard deviation.
    folder : pathlib.Path
        Where its bibliography is looked for first.
    kinds : mapping of str to str
        What is said of each kind, with a place for ``{statistics}``; by default what a time course says.
    """
    rows = list(rows)
    statistics = dict.fromkeys(STATISTICS[row.statistic] + _bar_text(row, bars) for row in rows)
    if rows[0].source == CHOICE:
        return f"chosen, not published: {kinds[rows[0].kind].format(statistics='; '.join(statistics))}"
    source = find_source(rows[0].source, folder)
    text = kinds[rows[0].kind].format(statistics="; ".join(statistics))
    return f"published: {text} ({source.short if source else rows[0].source})"


def _bar_text(row: PublishedRow, bars: str) -> str:
    if row.is_range:
        return ""
    if row.lower is not None and row.upper is not None:
        return f" and {_INTERVALS[row.interval]}"
    return f" ± {bars.upper()}" if row.sd is not None and row.kind != "time_to_threshold" else ""


def courses_text(regimen: Regimen, time: str) -> str:
    """What was given when, in words.

    Parameters
    ----------
    regimen : Regimen
        The courses.
    time : str
        The unit of time to write.

    Examples
    --------
    >>> from kinetics.regimen import Course
    >>> courses_text(Course.of("drug_a", "12 mg", every="1 day", count=3).repeat(2, every="12 month"), "month")
    'course of drug_a: 36 mg at month 0, 12'
    """
    factor = float(conversion(parse_unit("day"), parse_unit(time)))
    given: dict[str, dict[str, list[str]]] = {}
    for course in regimen.courses:
        when = f"{round(course.start.magnitude * factor, 2):g}"
        for drug in dict.fromkeys(dose.drug for dose in course.doses):
            amounts = [dose.amount for dose in course.doses if dose.drug == drug]
            total: Any = sum(amounts[1:], amounts[0])
            amount = f"{total.magnitude:g} {unit_text(total.units)}".removesuffix(" 1")
            given.setdefault(drug, {}).setdefault(amount, []).append(when)
    drugs = [
        f"course of {drug}: " + ", ".join(f"{amount} at {time} {', '.join(times)}" for amount, times in amounts.items())
        for drug, amounts in given.items()
    ]
    return "; ".join(drugs)


def add_key(figure: Figure, entries: Iterable[Entry], width: int) -> Legend:
    """Put a key at the lower left corner; labels are broken at ``width`` characters.

    Returns
    -------
    matplotlib.legend.Legend
    """
    handles, labels = zip(
        *((handle, "\n".join(textwrap.wrap(label, width, break_on_hyphens=False))) for handle, label in entries),
        strict=True,
    )
    longest = max(len(line) for label in labels for line in label.splitlines())
    handlers: Mapping[Any, Any] = {tuple: HandlerTuple(ndivide=None, pad=0.4)}
    return figure.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 0),
        ncols=2 if 2 * longest + 8 < width else 1,
        frameon=False,
        fontsize=SMALL,
        handler_map=dict(handlers),
        handlelength=2.6,
        borderaxespad=0,
        borderpad=0.1,
        labelspacing=0.35,
    )
