"""Suggest the known name nearest to a mistyped one, without comparing it with every known name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A hint for the end of a message, empty if no known name is near.

    Two names are near if, capitals aside and a dot being an underscore, they are the same once one letter, or none, is
    left out of each: a letter too many, one missing, one for another, or two in the wrong order. Without such a name,
    dotted ones are near that end in this name, or in one that is near to it.

    Examples
    --------
    >>> did_you_mean("clearence", ["clearance", "volume"]), did_you_mean("x1", ["volume"])
    ("; did you mean 'clearance'?", '')
    >>> did_you_mean("CL", ["pk.CL", "drug.CL", "pk.V1"]), did_you_mean("pk_Cl1", ["pk.CL"])
    ("; did you mean 'drug.CL' or 'pk.CL'?", "; did you mean 'pk.CL'?")
    """
    known = frozenset(names)
    if near := _nearest(name, _index(known)):
        return f"; did you mean '{near}'?"
    endings = _by_ending(known)
    near = name if name in endings else _nearest(name, _index(frozenset(endings)))
    dotted = endings.get(near, [])
    listed = "' or '".join(dotted[:MAX_HINTS])
    return f"; did you mean '{listed}'?" if listed else ""


def _nearest(name: str, index: dict[str, list[str]]) -> str:
    candidates = [near for text in _shortened(name) for near in index.get(text, ())]
    return min(candidates, key=lambda other: (abs(len(other) - len(name)), other), default="")


@lru_cache(maxsize=16)
def _by_ending(names: frozenset[str]) -> dict[str, list[str]]:
    """Dotted names by what stands behind their first dot."""
    endings: dict[str, list[str]] = {}
    for name in sorted(names):
        if ending := name.partition(".")[2]:
            endings.setdefault(ending, []).append(name)
    return endings


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
    text = name.casefold().replace(".", "_")[:MAX_LENGTH]
    yield text
    for position in range(len(text) if len(text) > 1 else 0):
        yield text[:position] + text[position + 1 :]


MAX_HINTS = 3
"""Names of a hint, at most."""
MAX_LENGTH = 130
"""Letters of the longest dotted name: two names of 64 letters each, and the dot."""
