"""What a document consists of, whatever format it is written in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kinetics.text.tables import Table


class Formula(str):
    """A formula in plain text, as models write it; ``mathml`` is the same as an element of MathML."""

    __slots__ = ("mathml",)

    def __new__(cls, text: str, mathml: str) -> Formula:
        """Make the text, which nothing changes."""
        formula = super().__new__(cls, text)
        formula.mathml = mathml
        return formula


class Citation(str):
    """A source in short, such as the first author and the year; ``key`` leads to its entry in the bibliography."""

    __slots__ = ("key",)

    def __new__(cls, text: str, key: str) -> Citation:
        """Make the text, which nothing changes."""
        citation = super().__new__(cls, text)
        citation.key = key
        return citation


@dataclass(frozen=True)
class Equations:
    """Equations one below the other under a title."""

    title: str
    formulas: Sequence[Formula]


@dataclass(frozen=True)
class Picture:
    """A figure: its caption, what it shows for those who cannot see it, and its bytes as ``.svg`` or ``.png``."""

    caption: str
    alt: str
    render: Callable[[str], bytes] = field(repr=False)


@dataclass(frozen=True)
class Facts:
    """Names with their values, such as those of the provenance."""

    title: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Note:
    """A paragraph that a reader must not miss."""

    text: str


Block = str | Note | Table | Equations | Picture | Facts
"""A paragraph is a str."""


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Reference:
    """An entry of the bibliography: ``text`` is the publication in full, ``url`` where it is found, if anywhere."""

    key: str
    label: str
    text: str
    url: str = ""


@dataclass(frozen=True)
class Document:
    """A report: ``title`` says what it is of, ``subtitle`` how it came about in a line."""

    title: str
    subtitle: str
    sections: Sequence[Section]
    references: Sequence[Reference]
