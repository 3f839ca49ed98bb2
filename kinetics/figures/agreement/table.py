"""Columns of text beside axes whose lines have labels: each as wide as its texts, and the axes have what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes

from kinetics.figures.base.style import scale, small, text_width

_GAP = 2.2
"""Between columns, mm, at the default size of text."""
_MARGINS = 6.0
"""Of a page, and between labels, axes and table, mm together."""


@dataclass(frozen=True)
class Column:
    """A heading and the texts beneath it, one a line, at the left or the right end of the column."""

    heading: str
    texts: Sequence[str]
    side: Literal["left", "right"] = "right"

    @property
    def width(self) -> float:
        """Of the longest text, mm."""
        size = small()
        return max(text_width(self.heading, size, "bold"), *(text_width(text, size) for text in self.texts))


class Table:
    """Columns from left to right; ``width`` is that of all, mm."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        gap, edge, self._places = _GAP * scale(), 0.0, list[float]()
        for column in self.columns:
            self._places.append(edge + (column.width if column.side == "right" else 0.0))
            edge += column.width + gap
        self.width = edge - gap

    def room(self, page: float) -> float:
        """What a page of so many mm has for labels and axes, mm."""
        return page - self.width - _MARGINS

    def width_ratios(self, page: float, labels: Sequence[str]) -> tuple[float, float]:
        """Of axes with these labels at their left, and of the table, on a page of so many mm."""
        longest = max(text_width(label, small()) for label in labels)
        return max(self.room(page) - longest, 1.0), self.width

    def set_axes(self, axes: Axes) -> None:
        """Make axes the place of the table: millimetres from its left end, and no spines."""
        axes.set_axis_off()
        axes.set_xlim(0, self.width)

    def write_headings(self, axes: Axes) -> None:
        """The headings, above the axes."""
        for column, x in zip(self.columns, self._places, strict=True):
            axes.annotate(
                column.heading, (x, 1), (0, 2), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
                ha=column.side, va="bottom", fontsize=small(), fontweight="bold",
            )  # fmt: skip

    def write(self, axes: Axes, line: int, y: float, **look: Any) -> None:
        """The texts of a line at a height of the axes."""
        for column, x in zip(self.columns, self._places, strict=True):
            axes.text(x, y, column.texts[line], ha=column.side, va="center_baseline", fontsize=small(), **look)
