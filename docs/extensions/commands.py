"""The reference of the command line, from the help of each subcommand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from extensions.markdown import joined
from kinetics.cli import app

WIDTH = 96


def commands() -> str:
    """A section for each subcommand: what its --help prints."""
    helps = _helps(typer.main.get_command(app), ["kinetics"])
    return joined(*(f"## {' '.join(path[1:])}\n\n```text\n{text}\n```" for path, text in helps))


def _helps(command: Any, path: list[str]) -> Iterator[tuple[list[str], str]]:
    """The help of a command and of those below it; that of the root is the page itself."""
    context = command.context_class(
        command, info_name=" ".join(path), terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=["--help"]
    )
    if len(path) > 1:
        yield path, command.get_help(context).strip()
    for name in getattr(command, "commands", {}):
        yield from _helps(command.commands[name], [*path, name])
