"""Figures of results: the one place where a document calls `kinetics.draw`."""

from __future__ import annotations

from typing import Any

from kinetics.documents.content import Picture
from kinetics.figures.drawing import draw
from kinetics.figures.rendering import render

WIDTH = 174.0
"""Of a figure, mm: both columns of a page."""


def picture(subject: Any, **options: Any) -> Picture:
    """The figure of a result or of a name, as `draw` draws it with these options, with its own caption and words."""
    drawn = draw(subject, width=WIDTH, **options)

    def content(suffix: str) -> bytes:
        return render(drawn.figure, suffix, dpi=200)

    return Picture(drawn.plain_caption, drawn.alt, content)
