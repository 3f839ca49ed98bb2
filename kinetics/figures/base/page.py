"""The page of a figure while it is drawn: its panels, its key, its caption, and the layout of all of them."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinetics.errors import Fault, InputError
from kinetics.figures.base.caption import Caption, alternative_text
from kinetics.figures.base.key import EDGE, Handle, place_key
from kinetics.figures.base.layout import LayoutError, check_layout, settle
from kinetics.figures.base.plotted import Row, plotted_numbers
from kinetics.figures.base.rows import FigureHeaderRow, PageRow
from kinetics.figures.base.style import DOTTED, GREY, MM, line_width, scale, small
from kinetics.figures.base.words import say

MAX_HEIGHT = 2000
"""Of a page, mm."""
MAX_PRINTED = 225.0
"""Of a grid of panels on a page of a journal, mm, unless a file says how high its page is."""
HEADING = "heading-"
"""What the gid of the heading of a panel begins with."""
_NO_ROOM = "constrained_layout not applied"
"""How a warning of matplotlib begins."""


@dataclass(frozen=True)
class Panel:
    """Empty axes of a grid, counted row by row from 0; the letter is empty for a single panel."""

    axes: Axes
    index: int
    letter: str
    is_lowest: bool


class Page:
    """A figure under construction.

    Parameters
    ----------
    row : PageRow
        Its size and look.
    header : FigureHeaderRow
        Title and note, for the caption.
    axes : sequence of matplotlib.axes.Axes
        A caller's own axes to draw into, as many as there are panels; without any the page has a figure of its own.
    """

    def __init__(self, row: PageRow, header: FigureHeaderRow, axes: Sequence[Axes] = ()) -> None:
        self.row, self.caption = row, Caption(header.title)
        self._note = header.note
        self._own_axes = tuple(axes)
        self.panels: list[Panel] = []
        self._key: list[tuple[Handle, str]] = []
        self._placers: list[Callable[[], None]] = []
        self._rows: list[Row] = []
        self._beside: list[tuple[str, Axes]] = []
        self.figure: Figure
        self.rows = self.columns = 1

    @property
    def width(self) -> float:
        """Of the page, mm."""
        if self._own_axes:
            figure = self._own_axes[0].get_figure(root=True)
            assert figure is not None
            return float(figure.get_size_inches()[0]) / MM
        return self.row.mm

    @property
    def panel_width(self) -> float:
        """Of a panel without its labels, about, mm."""
        if self._own_axes:
            axes = self._own_axes[0]
            return axes.get_window_extent().width / axes.figure.dpi / MM
        return max(self.width / self.columns - 16 * scale(), 10)

    def blank(self, height: float) -> Figure:
        """An empty figure, ``height`` mm high without the key unless the file says how high it is with it."""
        if self._own_axes:
            raise InputError(Fault("is for a figure of panels that are alike; this one needs a page", name="ax"))
        self._check_height(height := self.row.height or height)
        self.figure = Figure(figsize=(self.width * MM, height * MM), layout="constrained")
        FigureCanvasAgg(self.figure)
        return self.figure

    def columns_for(self, count: int, columns: int = 2, least: float = 55.0) -> int:
        """In how many columns so many panels stand: the file's number, else ``columns``, if each has ``least`` mm."""
        return max(1, min(self.row.columns or columns, count, int(self.width // least)))

    def grid(
        self, count: int, height: Callable[[int], float], columns: int, most: float = MAX_PRINTED, **options: Any
    ) -> list[Panel]:
        """A grid of ``count`` panels, in so many ``columns``.

        ``height`` goes from the rows of the grid to its height in mm, at the default size of text, to which panels
        shrink if it is more than ``most``; ``options`` are those of `matplotlib.figure.Figure.subplots`.
        """
        if self._own_axes:
            return self._borrowed(count)
        self.columns = columns
        self.rows = -(-count // self.columns)
        figure = self.blank(min(scale() * height(self.rows), most))
        grid = list(figure.subplots(self.rows, self.columns, squeeze=False, **options).flat)
        for axes in grid[count:]:
            axes.remove()
        for index, axes in enumerate(grid[:count]):
            self.add_panel(axes, count, is_lowest=index + self.columns >= count)
        return self.panels

    def _borrowed(self, count: int) -> list[Panel]:
        if len(self._own_axes) != count:
            panels = "one panel" if count == 1 else f"{count} panels"
            raise InputError(Fault(f"the figure has {panels}, and ax has {len(self._own_axes)}", name="ax"))
        figure = self._own_axes[0].get_figure(root=True)
        assert figure is not None
        self.figure = figure
        for axes in self._own_axes:
            self.add_panel(axes, count, is_lowest=True)
        return self.panels

    def add_panel(self, axes: Axes, count: int, *, is_lowest: bool = True) -> Panel:
        """Count axes as the next of so many panels."""
        index = len(self.panels)
        panel = Panel(axes, index, panel_letter(index, count), is_lowest)
        self.panels.append(panel)
        return panel

    def remove(self, panel: Panel) -> None:
        """Leave the place of a panel empty."""
        panel.axes.remove()
        self.panels.remove(panel)

    def add_axes(self, panel: Panel, axes: Axes) -> None:
        """Count axes beside a panel as a part of it."""
        self._beside.append((panel.letter, axes))

    def add_key(self, handle: Handle, words: str, meaning: str = "") -> None:
        """An entry of the key, in few words; the caption says more, ``meaning``, or the words themselves."""
        if words not in (text for _, text in self._key):
            self._key.append((handle, words))
        self.caption.add(meaning)

    def add_limit(self) -> None:
        """What a dotted line means."""
        line = Line2D([], [], color=GREY, linewidth=line_width(0.8), linestyle=DOTTED)
        self.add_key(line, say("lower_limit"), say("lower_limit_meaning"))

    def when_laid_out(self, place: Callable[[], None]) -> None:
        """Call this when axes have their size, to place what depends on it."""
        self._placers.append(place)

    def add_numbers(self, *rows: Row) -> None:
        """Numbers that are drawn as colours or words, as rows of `plotted_numbers`."""
        self._rows += rows

    def finish(self) -> None:
        """Put the key beneath, lay everything out and check it; a `LayoutError` if it does not fit.

        Axes of a caller are neither laid out nor checked: their figure is the caller's.
        """
        self.caption.add(self._note)
        if self._own_axes:
            self._key_in_axes()
        else:
            self._lay_out()
        for place in self._placers:
            place()
        if not self._own_axes and self.row.look.style == "house":
            check_layout(self.figure, [panel.axes for panel in self.panels])

    def _key_in_axes(self) -> None:
        if self._key and self.row.look.key:
            handles, labels = zip(*self._key, strict=True)
            self.panels[0].axes.legend(handles, labels, frameon=False, fontsize=small(), loc="best")

    def _lay_out(self) -> None:
        figure, edge = self.figure, EDGE * MM
        key = 0.0
        if self._key and self.row.look.key:
            legend = place_key(figure, self._key)
            key = legend.get_window_extent().height / figure.dpi + 1.5 * edge
        width, height = figure.get_size_inches()
        if self.row.height is None:
            height += key
            self._check_height(height / MM)
            figure.set_size_inches(width, height)
        below = key / height
        engine = figure.get_layout_engine()
        assert engine is not None
        rect = (edge / width / 2, below, 1 - edge / width, max(1 - below - edge / height / 2, 0.01))
        engine.set(rect=rect, w_pad=0.8 * MM, h_pad=0.8 * MM)  # pyright: ignore[reportCallIssue]
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=_NO_ROOM, category=UserWarning)
            try:
                figure.draw_without_rendering()
            except UserWarning as warning:
                raise LayoutError("the labels leave the panels no room") from warning
        settle(figure)

    def _check_height(self, height: float) -> None:
        if height > MAX_HEIGHT:
            raise InputError(f"the figure would be {height:.0f} mm high; at most {MAX_HEIGHT} mm, so draw less in it")

    def data(self) -> pd.DataFrame:
        """The numbers that are drawn."""
        drawn = [(panel.letter, panel.axes) for panel in self.panels]
        return plotted_numbers([*drawn, *self._beside], self._rows)

    def alternative_text(self) -> str:
        """The figure in words, for who cannot see it."""
        headings = [f"{panel.letter}: {heading_of(panel.axes)}" for panel in self.panels]
        return alternative_text(self.caption, headings, self.data())


def panel_letter(index: int, panels: int) -> str:
    """The letter of a panel: a to z, then aa, ab; empty for a single panel.

    Examples
    --------
    >>> panel_letter(0, 2), panel_letter(27, 30), panel_letter(0, 1)
    ('a', 'ab', '')
    """
    if panels == 1:
        return ""
    before, last = divmod(index, len(ascii_lowercase))
    return (ascii_lowercase[before - 1] if before else "") + ascii_lowercase[last]


def heading_of(axes: Axes) -> str:
    """What a panel shows: its heading, or else the label of its vertical axis."""
    headings = (text.get_text() for text in axes.texts if str(text.get_gid()).startswith(HEADING))
    return " ".join(next(headings, "").split()) or axes.get_ylabel()


def wrapped(text: str, width: int, *, break_long_words: bool = True) -> str:
    """A text in lines of at most ``width`` characters; words with hyphens stay whole."""
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=break_long_words))
