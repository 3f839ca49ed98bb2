"""Pieces of Markdown for generated pages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from kinetics.files.bibliography import CHOICE
from kinetics.text.escaping import markdown_code, markdown_text

DOCS = Path(__file__).parents[1]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; empty without rows."""
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines])


def section(title: str, *parts: str) -> str:
    """A section of the parts that are there; nothing if none is."""
    there = [part for part in parts if part]
    return "\n\n".join([f"## {title}", *there]) if there else ""


def joined(*parts: str) -> str:
    """Parts of a page, without those that are empty."""
    return "\n\n".join(part for part in parts if part)


def cited(source: str) -> str:
    """A source of a number: a key of the bibliography as a citation, which fails the build if there is no such key."""
    return source if source in ("", CHOICE) else f"{{cite:t}}`{source}`"


def figure(path: Path, page: Path, alt: str) -> str:
    """A picture on a page."""
    return f"![{markdown_text(alt)}]({os.path.relpath(path, page.parent)})"


__all__ = ["DOCS", "cited", "figure", "joined", "markdown_code", "markdown_text", "section", "table"]
