"""What is compiled while a command waits; imported late, since numba takes a second."""

from __future__ import annotations

from typing import Any

from numba.core import event

from kinetics.compile.object_code import COMPILATION


class Compilation(event.Listener):
    """Counts the loops of the engine that numba compiles, beside the functions of models; both but for cached ones."""

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
        loops = f"compiling the engine for its first use, {self._done} loops done" if self._at_work else ""
        return loops or str(COMPILATION)
