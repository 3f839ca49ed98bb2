"""What a function over arrays of numbers computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kinetics.compile.graph import Node


@dataclass(frozen=True)
class Function:
    """A function that fills arrays.

    Parameters
    ----------
    arrays : tuple of str
        Its arguments, in order. They do not overlap.
    results : sequence of (str, int, Node)
        Array and index of each number that is written. An entry that is read too is read before.
    shared : frozenset of str
        Arrays that all lanes see the same numbers of; others are flat arrays of (entry, lane).
    repeats : int
        How many entries in a row the same is done for.
    still : frozenset of str
        Arrays that each of these takes the same entry of.
    """

    arrays: tuple[str, ...]
    results: Sequence[tuple[str, int, Node]]
    shared: frozenset[str] = frozenset()
    repeats: int = 1
    still: frozenset[str] = frozenset()
