"""Figures of results: the one place where a document calls `kinetics.draw`."""

from __future__ import annotations

from typing import Any

from kinetics.documents.content import Picture
from kinetics.figures.base.page import Page
from kinetics.figures.drawing import draw
from kinetics.figures.rendering import render

WIDTH = 174.0
"""Of a figure, mm: both columns of a page."""


def picture(subject: Any, **options: Any) -> Picture:
    """The figure of a result or of a name, as `draw` draws it with these options, with its own caption and words."""
    return pictures(subject, **options)[0]


def pictures(subject: Any, **options: Any) -> list[Picture]:
    """The same, a picture a page."""
    drawn = draw(subject, width=WIDTH, **options)
    with drawn.kind.look():
        return [Picture(page.caption.plain(), page.alternative_text(), _content(page)) for page in drawn.pages]


def _content(page: Page) -> Any:
    def content(suffix: str) -> bytes:
        return render(page.figure, suffix, dpi=200)

    return content
