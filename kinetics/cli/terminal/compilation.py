"""What numba compiles while a command waits; imported late, since numba takes a second."""

from __future__ import annotations

from typing import Any

from numba.core import event


class Compilation(event.Listener):
    """Counts functions that are compiled; those found in the cache of files are not."""

    def __init__(self) -> None:
        self._at_work, self._done = 0, 0

    def on_start(self, event: Any) -> None:
        """A function, perhaps while its caller waits."""
        self._at_work += 1

    def on_end(self, event: Any) -> None:
        """It is done."""
        self._at_work -= 1
        self._done += 1

    def __str__(self) -> str:
        return f"compiling for the first use, {self._done} functions done" if self._at_work else ""
