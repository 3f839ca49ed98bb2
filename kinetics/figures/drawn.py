"""`Drawn`: a figure that was drawn, with its caption, its words for who cannot see it, and its numbers."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kinetics.errors import Faults
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.page import Page
from kinetics.figures.base.plotted import COLUMNS
from kinetics.figures.base.words import say
from kinetics.figures.rendering import DPI, render, render_pages
from kinetics.files.writing import write_atomically
from kinetics.text.escaping import markdown_text

_SCREEN = 2 * 96
"""Dots per inch of a picture in a notebook: two a pixel, so that it is sharp."""


def check_beside(paths: Sequence[Path]) -> None:
    """Refuse pictures whose caption or numbers would replace files that no figure wrote, with every such file."""
    faults = Faults()
    for path in paths:
        table, text = path.with_suffix(".csv"), path.with_suffix(".md")
        if table.exists() and not _is_of_figure(table):
            faults.add(f"{table}: is no table of a figure, and would be replaced; give the picture another name")
        elif text.exists() and not table.exists():
            faults.add(f"{text}: is no caption of a figure, and would be replaced; give the picture another name")
    faults.raise_if_any()


def _is_of_figure(table: Path) -> bool:
    head = ",".join(COLUMNS).encode()
    if not table.is_file():
        return False
    with table.open("rb") as file:
        return file.read(len(head)) == head


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure that was drawn; ``figure, axes = drawn`` takes it apart.

    Parameters
    ----------
    name : str
        Of the figure, or what it was drawn from.
    kind : Kind
        The checked figure: ``kind.spec`` is what its file says.
    result : xarray.DataTree
        What it is drawn from, each array with its ``units``, on dims such as (patient, time).
    pages : sequence of Page
        Its pages; most have one. The picture of a page may be changed before `save`.
    identity : str, optional
        A hash of everything that it was drawn from, if that is a figure file alone.
    files : tuple of pathlib.Path
        Where it was written.

    Examples
    --------
    >>> from kinetics.figures import draw
    >>> figure, axes = drawn = draw("recovery", width="single")  # doctest: +SKIP
    >>> drawn.save("recovery.pdf")  # doctest: +SKIP
    """

    name: str
    kind: Kind[Any]
    result: xr.DataTree = field(repr=False)
    pages: Sequence[Page] = field(repr=False)
    identity: str | None = field(default=None, repr=False)
    files: tuple[Path, ...] = ()

    @property
    def figure(self) -> Figure:
        """The picture; of several pages the first."""
        return self.pages[0].figure

    @property
    def axes(self) -> tuple[Axes, ...]:
        """The axes of the panels of the first page, in the order of their letters."""
        return tuple(panel.axes for panel in self.pages[0].panels)

    def __iter__(self) -> Iterator[Any]:
        yield self.figure
        yield self.axes

    @property
    def caption(self) -> str:
        """Title, what lines, bands and marks mean, numbers of patients, intervals and sources, in Markdown."""
        return self.pages[0].caption.markdown()

    @property
    def alt(self) -> str:
        """The figure in words, for who cannot see it."""
        with self.kind.look():
            return self.pages[0].alternative_text()

    @property
    def data(self) -> pd.DataFrame:
        """The numbers that are drawn.

        Columns ``panel``, ``series``, ``kind``, ``x``, ``y``, ``lower``, ``upper``, ``unit``, then ``x_lower``,
        ``x_upper``, ``x_unit`` and, of what is coloured, ``value``; of several pages one below the other.
        """
        return pd.concat([page.data() for page in self.pages], ignore_index=True)

    def save(self, *out: str | Path, dpi: int = DPI) -> tuple[Path, ...]:
        """Write the picture, as it is now, with its caption and its numbers beside it.

        Parameters
        ----------
        *out : str or pathlib.Path
            ``NAME.svg`` (text stays text), ``.pdf`` (fonts embedded), ``.png`` or ``.tiff``. Beside it come
            ``NAME.md``, the caption with the alternative text, and ``NAME.csv``, `data`. Several pages are one
            ``.pdf``, or a file each, ``NAME-01.svg``.
        dpi : int
            Dots per inch of ``.png`` and ``.tiff``.

        Returns
        -------
        tuple of pathlib.Path
            The files of pictures. A file is written whole or not at all, and none before all could be drawn.
        """
        paths = [Path(path) for path in out]
        check_beside(paths)
        figures, own = [page.figure for page in self.pages], self.kind.page.look.style == "own"
        pictures = [file for path in paths for file in render_pages(figures, path, self.identity, dpi, own=own)]
        texts = {path.with_suffix(".md"): self._text() for path in paths}
        tables = {path.with_suffix(".csv"): self.data.to_csv(index=False, float_format="%.6g") for path in paths}
        for path, content in (*pictures, *texts.items(), *tables.items()):
            write_atomically(path, content)
        return tuple(path for path, _ in pictures)

    def _text(self) -> str:
        with self.kind.look():
            return f"{self.caption}\n\n{say('alternative_text')}: {markdown_text(self.alt)}\n"

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches() * 25.4
        files = f": {', '.join(map(str, self.files))}" if self.files else ""
        pages = f", {number} pages" if (number := len(self.pages)) > 1 else ""
        return f"<Drawn {self.name}, {self.kind.name}, {width:.0f} x {height:.0f} mm{pages}{files}>"

    def _repr_png_(self) -> bytes:
        return render(self.figure, ".png", dpi=_SCREEN, own=self.kind.page.look.style == "own")

    def _repr_html_(self) -> str:
        width = self.figure.get_size_inches()[0] * 96
        picture = base64.b64encode(self._repr_png_()).decode()
        alt = html.escape(self.alt, quote=True)
        image = f'<img src="data:image/png;base64,{picture}" width="{width:.0f}" alt="{alt}">'
        number = len(self.pages)
        return image if number == 1 else f"{image}<p>Page 1 of {number}; .save('NAME.pdf') writes all.</p>"
