"""The caption of a figure: text of its own beside the picture, and words for who cannot see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinetics.figures.base.words import say
from kinetics.files.bibliography import CHOICE, find_source
from kinetics.text.escaping import markdown_text

if TYPE_CHECKING:
    from kinetics.published import PublishedRow

_MOST = 12
"""Series that an alternative text follows, at most."""
_LONGEST = 3
"""Bars of a panel that it says."""


@dataclass
class Caption:
    """What stands beneath a figure: its title, then sentences on what is drawn, each once; ``seen`` are others.

    Those say what is seen in the picture, to who cannot see it.
    """

    title: str = ""
    sentences: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Add a sentence, unless it is there already or empty; a full stop is put behind it."""
        text = sentence.strip().rstrip(";,")
        if text:
            text = text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
            if text not in self.sentences:
                self.sentences.append(text)

    def markdown(self) -> str:
        """One paragraph; nothing of a title or label is taken for Markdown."""
        bold = f"**{markdown_text(self._heading)}**" if self.title else ""
        return " ".join(filter(None, (bold, *map(markdown_text, self.sentences))))

    def plain(self) -> str:
        """The same without markup."""
        return " ".join(filter(None, (self._heading, *self.sentences)))

    @property
    def _heading(self) -> str:
        return f"{self.title.rstrip('.')}." if self.title else ""


def source_text(key: str, folder: Path) -> str:
    """A source in short, by its key in the bibliography."""
    source = find_source(key, folder)
    return source.short if source else key


def published_text(rows: Iterable[PublishedRow], bars: str, folder: Path) -> str:
    """What published points of one kind and one source are: kind, statistics with their bars, patients, source.

    ``bars`` is "sd" or "se", the bar of a mean with a published standard deviation; the bibliography is looked for in
    ``folder`` first.
    """
    rows = list(rows)
    statistics = "; ".join(dict.fromkeys(f"{say(f'statistic_{row.statistic}')}{_bar_text(row, bars)}" for row in rows))
    text = say(f"published_{rows[0].kind}", statistics=statistics) + _size_text(rows)
    if rows[0].source == CHOICE:
        return say("own_numbers", what=text)
    return say("published_numbers", what=text, source=source_text(rows[0].source, folder))


def _size_text(rows: Sequence[PublishedRow]) -> str:
    """How many patients rows are of, from the smallest number to the largest; empty if none says so."""
    sizes = sorted({row.n for row in rows if row.n is not None})
    if not sizes:
        return ""
    return f", {say('size', n=sizes[0])}" if len(sizes) == 1 else f", {say('sizes', low=sizes[0], high=sizes[-1])}"


def _bar_text(row: PublishedRow, bars: str) -> str:
    if row.is_range:
        return ""
    if row.lower is not None and row.upper is not None:
        return f" {say('and')} {say(f'interval_{row.interval}')}"
    return f" ± {bars.upper()}" if row.sd is not None and row.kind != "time_to_threshold" else ""


def alternative_text(caption: Caption, headings: Sequence[str], data: pd.DataFrame) -> str:
    """A figure in words: title, panels, and of each curve where it begins, its least value and where it ends.

    Of bars the longest are said, of a coloured panel its least and its greatest value.
    """
    curves = data[data["kind"].isin(("simulated", "median", "curve", "individual"))]
    several = len(headings) > 1
    parts = [caption.title.rstrip("."), say("alt_panels", n=len(headings)) if several else ""]
    parts += [heading for heading in headings if several]
    names = list(dict.fromkeys(zip(curves["panel"], curves["series"], strict=True)))
    for panel, series in names[:_MOST]:
        rows = curves[(curves["panel"] == panel) & (curves["series"] == series)]
        y, x = np.asarray(rows["y"], dtype=float), np.asarray(rows["x"], dtype=float)
        good = np.isfinite(y)
        if good.sum() < 2:
            continue
        x, y, unit, time = x[good], y[good], next(iter(rows["unit"])), next(iter(rows["x_unit"]))
        low, high = int(y.argmin()), int(y.argmax())
        alone = sum(other == panel for other, _ in names) == 1
        name = str(panel if several and alone else f"{panel}, {series}" if several else series)
        ends = {"start": _number(y[0]), "end": _number(y[-1]), "at_end": _number(x[-1]), "unit": unit, "time": time}
        if 0 < low < y.size - 1:
            words = say("alt_falls", name=name, low=_number(y[low]), at=_number(x[low]), **ends)
        elif 0 < high < y.size - 1:
            words = say("alt_rises", name=name, high=_number(y[high]), at=_number(x[high]), **ends)
        else:
            words = say("alt_goes", name=name, **ends)
        parts.append(" ".join(words.split()).replace(" ,", ",").replace(" ;", ";"))
    parts += [*_bars_in_words(data), *_colours_in_words(data), *caption.seen]
    return ". ".join(filter(None, parts)) + "."


def _bars_in_words(data: pd.DataFrame) -> Iterator[str]:
    """The longest bars of each panel."""
    rows = [row for row in data.to_dict("records") if row["kind"] == "bar"]
    for panel in dict.fromkeys(row["panel"] for row in rows):
        own = sorted((row for row in rows if row["panel"] == panel), key=lambda row: -abs(row["x"]))[:_LONGEST]
        words = "; ".join(f"{row['series']} {_number(row['x'])} {row['x_unit']}".strip() for row in own)
        yield say("alt_bars", name=panel, bars=words) if panel else words


def _colours_in_words(data: pd.DataFrame) -> Iterator[str]:
    """The least and the greatest value of each coloured panel."""
    rows = [row for row in data.to_dict("records") if row["kind"] == "map"]
    for panel, series in dict.fromkeys((row["panel"], row["series"]) for row in rows):
        own = [row for row in rows if (row["panel"], row["series"]) == (panel, series)]
        values = [row["value"] for row in own if not np.isnan(row["value"])]
        if values:
            ends = {"low": _number(min(values)), "high": _number(max(values)), "unit": own[0]["unit"]}
            yield say("alt_colours", name=panel or series, **ends).rstrip()


def _number(value: float) -> str:
    return f"{float(f'{value:.2g}'):.10g}"
