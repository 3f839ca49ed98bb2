"""Progress of anything that takes longer than two seconds, on stderr; of long work first about how long it takes."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kinetics.cli.terminal.durations import LINES_A_SEARCH, LONG, in_words, keep_time, last_time
from kinetics.cli.terminal.failures import tell
from kinetics.text.escaping import one_line

if TYPE_CHECKING:
    from kinetics.cli.terminal.compilation import Compilation

PATIENCE = 2.0
LINE_EVERY = 10.0
REFRESH = 0.2
ENOUGH = 1.0
"""Seconds of work that tell the pace of the rest."""


class Steps:
    """What a long job has done so far, and what is compiled for it; the job writes it, the watcher reads it.

    A step of a fit is a search, which writes about ``lines_a_step`` lines: they tell the pace before the first is done.
    """

    def __init__(self, label: str, compilation: Compilation, lines_a_step: int = LINES_A_SEARCH) -> None:
        self.label, self.done, self.total, self.latest = label, 0, 0, ""
        self.compilation = compilation
        self.is_announced = False
        self._begun: tuple[float, int] | None = None
        self._lines_a_step, self._lines, self._first_line = lines_a_step, 0, 0.0

    def count(self, done: int, total: int) -> None:
        """So many steps of all are done."""
        is_next_stage = total != self.total or done < self.done
        self.done, self.total = done, total
        if self._begun is None or is_next_stage:  # compiling is behind: from here on the pace says how long is left
            self._begun = time.monotonic(), done
        self._announce()

    def say(self, text: str) -> None:
        """What the job is doing now."""
        self.latest = text
        self._lines += 1
        if self._lines == 1:
            self._first_line = time.monotonic()

    def __str__(self) -> str:
        counted = f"{self.done} of {self.total}" if self.total > 1 else ""
        parts = (self.label, counted, self._left(), self.latest, str(self.compilation))
        return one_line(", ".join(filter(None, parts)))

    def _a_step(self) -> float:
        """Seconds that a step takes; 0 while the pace is not known."""
        if self._begun is not None and self.done > self._begun[1]:
            return (time.monotonic() - self._begun[0]) / (self.done - self._begun[1])
        if self._lines > 2 and self._lines_a_step:
            return (time.monotonic() - self._first_line) / (self._lines - 1) * self._lines_a_step
        return 0.0

    def _announce(self) -> None:
        """Say once about how long the whole takes, as soon as the pace is known."""
        if self.is_announced or self._begun is None or time.monotonic() - self._begun[0] < ENOUGH:
            return
        seconds = self._a_step() * (self.total - self._begun[1])
        if seconds:
            self.is_announced = True
            if seconds >= LONG:
                tell(f"{self.label}: {in_words(seconds)}")

    def _left(self) -> str:
        """About how long the rest takes, once the pace of steps is known."""
        if self._begun is None or self.done <= self._begun[1] or self.done >= self.total:
            return ""
        seconds = self._a_step() * (self.total - self.done)
        for length, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
            if seconds >= 2 * length:
                return f"about {seconds / length:.0f} {unit} left"
        return ""


class _Lines(logging.Handler):
    """Shows what the evaluations of a fit give, which it logs at level DEBUG."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(logging.DEBUG)
        self._steps = steps

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.DEBUG:
            self._steps.say(record.getMessage())


@contextmanager
def watched(label: str, lines_a_step: int = LINES_A_SEARCH) -> Iterator[Steps]:
    """Show the progress of the block: a bar on a terminal, else a line after two seconds and then every ten.

    The block reports to the `Steps` that it is given. Before that stands about how long it takes, if that is long: as
    the same command took last time, or, without one, as soon as the pace of the first steps tells it.
    """
    from numba.core.event import install_listener

    from kinetics.cli.terminal.compilation import Compilation

    steps, over = Steps(label, Compilation(), lines_a_step), threading.Event()
    begun, before = time.monotonic(), last_time(label)
    if before >= LONG:
        steps.is_announced = True
        tell(f"{label}: {in_words(before)}, as it took last time")
    lines, log = _Lines(steps), logging.getLogger("kinetics.estimate")
    level = log.level
    show = _show_bar if sys.stderr.isatty() else _show_lines
    thread = threading.Thread(target=show, args=(steps, over), daemon=True)
    thread.start()
    log.addHandler(lines)
    log.setLevel(logging.DEBUG)
    try:
        with install_listener("numba:compile", steps.compilation):
            yield steps
        if (seconds := time.monotonic() - begun) >= LONG:
            keep_time(label, seconds)
    finally:
        log.removeHandler(lines)
        log.setLevel(level)
        over.set()
        thread.join(timeout=2)


def _show_lines(steps: Steps, over: threading.Event) -> None:
    begun, pause = time.monotonic(), PATIENCE
    while not over.wait(pause):
        pause = LINE_EVERY
        tell(f"{steps} ({time.monotonic() - begun:.0f} s)")


def _show_bar(steps: Steps, over: threading.Event) -> None:
    if over.wait(PATIENCE):
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(str(steps), total=None)
        while not over.wait(REFRESH):
            bar.update(
                task, description=str(steps), completed=steps.done, total=steps.total if steps.total > 1 else None
            )
