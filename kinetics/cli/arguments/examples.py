"""The example at the end of each help text: text of the library, since it names what ships."""

from __future__ import annotations

from kinetics.files.library import library_folder


def examples() -> dict[str, list[str]]:
    """The lines of the example of each subcommand, by its name."""
    by_command: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (library_folder("fits") / "examples.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("kinetics "):
            lines = by_command.setdefault(line.split()[1], [])
        if not line.startswith("#"):
            lines.append(line)
    return by_command
