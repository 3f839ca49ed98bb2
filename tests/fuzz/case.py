"""One input of the fuzzer: what it is, and what reads it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Case", "Source", "generator"]


@dataclass(frozen=True)
class Case:
    """An input.

    Parameters
    ----------
    name : str
        The name of a file that would hold it.
    content : bytes
        The input itself, or in words what was done to a file that is larger.
    run : callable
        Reads it as a user's would be read: returns if it is accepted, raises `KineticsError` if it is refused.
    may_write : pathlib.Path, optional
        The folder this input may write to; by default it may write nowhere.
    """

    name: str
    content: bytes
    run: Callable[[], object]
    may_write: Path | None = None


class Source(Protocol):
    """Makes inputs of one kind in a folder of its own; its inputs before ``make`` are honest."""

    def __init__(self, folder: Path) -> None: ...

    def warm(self) -> None:
        """Read honest inputs: what is imported or compiled once is no part of any input's time."""
        ...

    def make(self, chance: random.Random) -> Case:
        """The next input; the same chance makes the same input, whatever came before."""
        ...


def generator(kind: str, seed: int, number: int) -> random.Random:
    """The chance of one input: a text as seed means the same in every process and version of Python."""
    return random.Random(f"{kind} {seed} {number}")
