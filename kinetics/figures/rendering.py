"""A picture as the bytes of a file: the same figure gives the same bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.text import Text

from kinetics import __version__
from kinetics.errors import InputError
from kinetics.figures.base.style import style
from kinetics.text.escaping import one_line, safe_lines

_CREATOR = f"lymphokinetics {__version__}"
FORMATS: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None, "Creator": _CREATOR},
    ".pdf": {"CreationDate": None, "Creator": _CREATOR},
    ".png": {"Software": _CREATOR},
}
"""What a picture may be, with metadata that is the same every time."""
_IDENTITY = {".svg": "Identifier", ".pdf": "Subject", ".png": "Identifier"}
"""Where it says what it was drawn from."""
_NO_ROOM = "constrained_layout not applied"


def render_pages(
    pages: Iterable[Figure], path: Path, number: int, identity: str | None = None
) -> Iterator[tuple[Path, bytes]]:
    """The files of a figure of so many pages, each with its content: one PDF, or NAME-01.svg and so on.

    A figure of one page is one file of any format. An `InputError` as of `render`.
    """
    suffix = path.suffix.lower()
    if number == 1 or suffix != ".pdf":
        width = max(2, len(str(number)))
        for index, page in enumerate(pages, 1):
            numbered = path if number == 1 else path.with_name(f"{path.stem}-{index:0{width}}{path.suffix}")
            yield numbered, render(page, suffix, identity)
        return
    content = io.BytesIO()
    with style(), _layout_faults(), PdfPages(content, metadata=_metadata(suffix, identity)) as document:
        for page in pages:
            _escape_texts(page)
            document.savefig(page)
    yield path, content.getvalue()


def render(picture: Figure, suffix: str, identity: str | None = None, dpi: int = 300) -> bytes:
    """A picture as ``.svg`` (text stays text), ``.pdf`` or ``.png`` (300 dpi unless given).

    ``identity``, a hash of everything it is drawn from, goes into its metadata. An `InputError` if the labels leave the
    panels no room.
    """
    metadata = _metadata(suffix, identity)
    content = io.BytesIO()
    with style(), _layout_faults(), warnings.catch_warnings():
        if suffix == ".svg":  # text stays text, for whatever fonts a reader has
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        _escape_texts(picture)
        picture.savefig(content, format=suffix[1:], metadata=metadata, dpi=dpi)
    return content.getvalue()


def _metadata(suffix: str, identity: str | None) -> dict[str, Any]:
    return FORMATS[suffix] | ({_IDENTITY[suffix]: identity} if identity else {})


@contextmanager
def _layout_faults() -> Iterator[None]:
    """Refuse a figure whose labels leave no room for its axes, which matplotlib only warns of."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=_NO_ROOM, category=UserWarning)
            yield
    except UserWarning as warning:
        if not str(warning).startswith(_NO_ROOM):
            raise
        raise InputError("the labels leave the panels no room; make the page larger, or say less") from warning


def _escape_texts(picture: Figure) -> None:
    """Escape what is no character of SVG: files hold none, but results and Python code may."""
    for artist in picture.findobj():  # once: it makes the ticks of every axis
        if isinstance(artist, Text):
            artist.set_text(safe_lines(artist.get_text()))
        if artist.get_gid() is not None:
            artist.set_gid(one_line(str(artist.get_gid())))
