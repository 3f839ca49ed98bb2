"""A picture as the bytes of a file: the same figure gives the same bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from kinetics import __version__
from kinetics.figures.base.style import FAMILIES, style
from kinetics.text.escaping import one_line, safe_lines

_CREATOR = f"lymphokinetics {__version__}"
DPI = 300
"""Dots per inch of pixels, unless a number is stated."""
FORMATS: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None, "Creator": _CREATOR},
    ".pdf": {"CreationDate": None, "Creator": _CREATOR},
    ".png": {"Software": _CREATOR},
    ".tiff": {"Software": _CREATOR},
}
"""What a picture may be, with metadata that is the same every time."""
_IDENTITY = {".svg": "Identifier", ".pdf": "Subject", ".png": "Identifier", ".tiff": "Identifier"}
"""Where it says what it was drawn from."""
_BUNDLED = "'DejaVu Sans'"
_WRITTEN = ", ".join(f"'{family}'" for family in FAMILIES)


def render_pages(
    pages: Sequence[Figure], path: Path, identity: str | None = None, dpi: int = DPI, *, own: bool = False
) -> Iterator[tuple[Path, bytes]]:
    """The files of a figure, each with its content: one PDF, or NAME-01.svg and so on if there are several pages."""
    suffix = path.suffix.lower()
    if len(pages) == 1 or suffix != ".pdf":
        width = max(2, len(str(len(pages))))
        for index, page in enumerate(pages, 1):
            numbered = path if len(pages) == 1 else path.with_name(f"{path.stem}-{index:0{width}}{path.suffix}")
            yield numbered, render(page, suffix, identity, dpi, own=own)
        return
    from matplotlib.backends.backend_pdf import PdfPages  # with fontTools, which a picture of another format needs not

    content = io.BytesIO()
    with style(own=own), PdfPages(content, metadata=_metadata(suffix, identity)) as document:
        for page in pages:
            _escape_texts(page)
            document.savefig(page)
    yield path, content.getvalue()


def render(picture: Figure, suffix: str, identity: str | None = None, dpi: int = DPI, *, own: bool = False) -> bytes:
    """A picture as ``.svg`` (text stays text), ``.pdf`` (fonts embedded), ``.png`` or ``.tiff``, of ``dpi``.

    ``identity``, a hash of everything it is drawn from, goes into its metadata; ``own`` is as of `style`.
    """
    content = io.BytesIO()
    with style(own=own), warnings.catch_warnings():
        if suffix == ".svg":  # text stays text, for whatever fonts a reader has
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        _escape_texts(picture)
        made = ".png" if suffix == ".tiff" else suffix
        picture.savefig(content, format=made[1:], metadata=_metadata(made, identity), dpi=dpi)
    if suffix == ".tiff":
        return _tiff(content, identity, dpi)
    if suffix == ".svg":
        return content.getvalue().replace(_BUNDLED.encode(), _WRITTEN.encode())
    return content.getvalue()


def _tiff(png: io.BytesIO, identity: str | None, dpi: int) -> bytes:
    """Pixels as journals take them: red, green and blue without transparency, compressed without loss."""
    content = io.BytesIO()
    about = {"software": _CREATOR} | ({"description": identity} if identity else {})
    Image.open(png).convert("RGB").save(content, "TIFF", compression="tiff_lzw", dpi=(dpi, dpi), **about)
    return content.getvalue()


def _metadata(suffix: str, identity: str | None) -> dict[str, Any]:
    return FORMATS[suffix] | ({_IDENTITY[suffix]: identity} if identity else {})


def _escape_texts(picture: Figure) -> None:
    """Escape what is no character of SVG: files hold none, but results and Python code may."""
    for artist in picture.findobj():  # once: it makes the ticks of every axis
        if isinstance(artist, Text):
            artist.set_text(safe_lines(artist.get_text()))
        if artist.get_gid() is not None:
            artist.set_gid(one_line(str(artist.get_gid())))
