"""`kinetics check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.checking.kinds import KINDS, is_path, kind_of, shipped
from kinetics.cli.terminal.output import print_text
from kinetics.errors import Faults

__all__ = ["check"]


def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Files, or names that ship; without any, everything that ships."),
    ] = None,
) -> None:
    """Report every fault of models, regimens, visits, fits, published tables, figures, results and bibliographies."""
    from kinetics.checking.files import lint

    faults = Faults()
    chosen = [item for name in files or () for item in _named(name, faults)] if files else _everything()
    sound = 0
    for kind, path in chosen:
        before = len(faults)
        lint(kind, path, faults)
        sound += len(faults) == before
    faults.raise_if_any()
    print_text(f"{sound} file{'' if sound == 1 else 's'}, no fault")


def _named(name: str, faults: Faults) -> list[tuple[str, Path]]:
    with faults.gather(name):
        return [(kind_of(Path(name)), Path(name))] if is_path(name) else shipped(name)
    return []


def _everything() -> list[tuple[str, Path]]:
    from kinetics.files.library import library_folder

    paths = [path for part in KINDS.values() for path in sorted(library_folder(part).glob("*"))]
    return [(kind_of(path), path) for path in paths if path.suffix in (".toml", ".csv", ".bib")]
