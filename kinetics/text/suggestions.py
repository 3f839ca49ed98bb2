"""Suggest the known name nearest to a mistyped one, without comparing it with every known name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A hint for the end of a message, empty if no known name is near.

    Two names are near if, capitals aside, they are the same once one letter, or none, is left out of each: a letter
    too many, one missing, one for another, or two in the wrong order.

    Examples
    --------
    >>> did_you_mean("clearence", ["clearance", "volume"]), did_you_mean("x1", ["volume"])
    ("; did you mean 'clearance'?", '')
    """
    index = _index(frozenset(names))
    candidates = [near for text in _shortened(name) for near in index.get(text, ())]
    if not candidates:
        return ""
    near = min(candidates, key=lambda other: (abs(len(other) - len(name)), other))
    return f"; did you mean '{near}'?"


def nearest_names(names: Sequence[str]) -> str:
    """A hint for the end of a message that lists names which are similar, empty if there is none.

    Examples
    --------
    >>> nearest_names(["P07"]), nearest_names(["P07", "P70"]), nearest_names([])
    ('; the nearest is P07', '; the nearest are P07, P70', '')
    """
    return f"; the nearest {'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else ""


@lru_cache(maxsize=16)
def _index(names: frozenset[str]) -> dict[str, list[str]]:
    """The known names by each text that is left when one letter, or none, is removed: a look-up takes constant time."""
    index: dict[str, list[str]] = {}
    for name in sorted(names):
        for text in _shortened(name):
            index.setdefault(text, []).append(name)
    return index


def _shortened(name: str) -> Iterator[str]:
    text = name.casefold()[:MAX_LENGTH]
    yield text
    for position in range(len(text) if len(text) > 1 else 0):
        yield text[:position] + text[position + 1 :]


MAX_LENGTH = 130
"""Letters of the longest dotted name: two names of 64 letters each, and the dot."""
