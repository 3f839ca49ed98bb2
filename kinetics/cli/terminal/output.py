"""What goes to stdout: a text, or one JSON object alone."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from kinetics.cli.terminal.failures import BAD_INPUT, tell
from kinetics.errors import StorageError
from kinetics.files.reading import reason_of
from kinetics.text.escaping import json_text, safe_lines


def print_text(text: str) -> None:
    """Print the result, with what would act on the terminal escaped; a `StorageError` if stdout is full."""
    _print(safe_lines(text))


def print_json(content: Any) -> None:
    """Print the result for a program: strict JSON, numbers that are not finite as null."""
    from kinetics.text.numbers import finite

    _print(json_text(finite(content)))


@contextmanager
def printing() -> Iterator[None]:
    """Do nothing in the block but print; a `StorageError` if stdout is full."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop()
        raise StorageError(f"stdout: cannot be written: {reason_of(error)}") from error


@contextmanager
def written_out() -> Iterator[None]:
    """Run the command. If stdout is closed or full, say so in one line and exit with the status of a bad input.

    A pipe whose reader has gone is no failure: it has read what it wanted.
    """
    if sys.stdout is None:  # closed by the caller; Python and typer would drop every line without a word
        tell("error: stdout is closed: nothing can be printed; send it to /dev/null if that is meant")
        sys.exit(BAD_INPUT)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop()
        sys.exit(1)
    except OSError as error:
        _drop()
        tell(f"error: stdout: cannot be written: {reason_of(error)}")
        sys.exit(BAD_INPUT)


def _drop() -> None:
    """Redirect stdout to the null device: Python would try to write the rest at exit and end with status 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(text: str) -> None:
    with printing():
        typer.echo(text)


def page_width() -> int:
    """Characters a line: those of the terminal, or 100 in a file."""
    return max(60, shutil.get_terminal_size((100, 24)).columns) if sys.stdout.isatty() else 100


def wrote(*paths: Path) -> None:
    """Say where files went."""
    for path in paths:
        tell(f"wrote {path}")
