"""What goes to stdout: a text, or one JSON object alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import typer

from kinetics.cli.failures import tell
from kinetics.escaping import json_text, safe_lines

__all__ = ["page_width", "print_json", "print_text", "wrote"]


def print_text(text: str) -> None:
    """Print the result for a reader; what would act on the terminal is escaped."""
    typer.echo(safe_lines(text))


def print_json(content: Any) -> None:
    """Print the result for a program: strict JSON, numbers that are not finite as null."""
    from kinetics.report.numbers import finite

    typer.echo(json_text(finite(content)))


def page_width() -> int:
    """Characters a line: those of the terminal, or 100 in a file."""
    return max(60, shutil.get_terminal_size((100, 24)).columns) if sys.stdout.isatty() else 100


def wrote(path: Path) -> None:
    """Say where a file went."""
    tell(f"wrote {path}")
