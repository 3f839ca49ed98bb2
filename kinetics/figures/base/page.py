"""The page of a figure: its size, and what stands around the axes: title above, legend and note beneath."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.errors import InputError
from kinetics.figures.base.rows import FigureHeaderRow
from kinetics.figures.base.style import DOTTED, GREY, MM, scale, small

Entry = tuple[Artist | tuple[Artist, ...], str]

_CHARACTERS_PER_MM = 0.76
MAX_HEIGHT = 2000
LEAST_HEIGHT = 10
"""Of a page, and of what is left of it for the axes, mm."""


def blank_page(width: float, height: float) -> Figure:
    """An empty figure of a size in millimetres; an `InputError` if so much is drawn that it would be too high."""
    if height > MAX_HEIGHT:
        raise InputError(f"the figure would be {height:.0f} mm high; at most {MAX_HEIGHT} mm, so draw less in it")
    figure = Figure(figsize=(width * MM, height * MM), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def add_title_and_legend(
    figure: Figure, header: FigureHeaderRow, entries: Sequence[Entry], note: str | None = None
) -> None:
    """Put title, legend and note, that of the header or another, on a page; lay the axes out between them.

    An `InputError` if they leave no room for the axes. Nothing is drawn of an empty title or note.
    """
    title, note = header.title, header.note if note is None else note
    width, height = figure.get_size_inches() / MM
    characters = int(width * _CHARACTERS_PER_MM / scale())
    legend = _legend(figure, entries, characters - 10)
    pixels = figure.bbox.height
    foot = figure.text(2.0 / width, 1.2 / height, wrapped(note, characters), fontsize=small(), va="bottom")
    below = 1.2 / height + (foot.get_window_extent().height + 3) / pixels if note else 0.0
    legend.set_bbox_to_anchor((2.0 / width, below), transform=figure.transFigure)
    below += legend.get_window_extent().height / pixels
    size = mpl.rcParams["font.size"] + 0.5
    head = figure.text(2.0 / width, 1 - 1.2 / height, title, fontsize=size, fontweight="bold", va="top")
    relative = head.get_window_extent().width / (figure.bbox.width * (1 - 4.0 / width))
    if relative > 1:
        head.set_text(wrapped(title, max(int(len(title) / relative), 1)))
    above = 1.2 / height + (head.get_window_extent().height + 4) / pixels if title else 0.0
    if (left := height * (1 - below - above)) < LEAST_HEIGHT:
        taken = f"title, legend and note take {height - left:.0f} mm of a page of {height:.0f} mm"
        raise InputError(f"{taken}; make the page higher, or say less")
    for artist in (legend, foot, head):
        artist.set_in_layout(False)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(rect=(0, below, 1 - 1.0 / width, 1 - below - above), w_pad=1.2 * MM, h_pad=1.2 * MM)  # pyright: ignore[reportCallIssue]


def _legend(figure: Figure, entries: Sequence[Entry], width: int) -> Legend:
    """Put a legend at the lower left corner; labels are broken at ``width`` characters."""
    handles, labels = zip(*((handle, wrapped(label, width)) for handle, label in entries), strict=True)
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


def text_entry(text: str) -> Entry:
    """An entry of words alone."""
    return Patch(alpha=0), text


def limit_entry(text: str) -> Entry:
    """What a dotted line means."""
    return Line2D([], [], color=GREY, linewidth=0.8, linestyle=DOTTED), text


def wrapped(text: str, width: int, *, break_long_words: bool = True) -> str:
    """A text in lines of at most ``width`` characters; words with hyphens stay whole."""
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=break_long_words))
