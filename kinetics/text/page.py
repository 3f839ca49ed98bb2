"""A text of several lines, as verbs return it."""

from __future__ import annotations


class Page(str):
    """A text of several lines, which an interpreter shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
