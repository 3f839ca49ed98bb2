"""What an interrupted fit had done, what is done after Ctrl-C, and how to go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from kinetics.cli.terminal.failures import INTERRUPTED, tell


@contextmanager
def resumable() -> Iterator[None]:
    """Tell what an interrupted run had done, and after Ctrl-C what is done and how to go on."""
    from kinetics.estimate import FitInterrupted

    notes, log = _Notes(logging.INFO), logging.getLogger("kinetics.estimate")
    level = log.level
    log.addHandler(notes)
    log.setLevel(min(log.getEffectiveLevel(), logging.INFO))
    try:
        yield
    except FitInterrupted as stopped:
        go_on = "; the same command with --resume goes on from there" if stopped.is_resumable else ""
        tell(f"interrupted: {stopped.done}{go_on}")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        log.removeHandler(notes)
        log.setLevel(level)


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell(record.getMessage())
