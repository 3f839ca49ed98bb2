"""What a shell completes in place of a name: names of the library, and files of the folder that is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinetics.files.library import library_names, names_a_file


def completing(*parts: str, suffix: str = ".toml") -> Callable[[str], list[str]]:
    """What completes a text to names of these parts of the library, such as ``models/regimens``, or to paths of files.

    >>> completing("models")("") == library_names("models")
    True
    """

    def complete(incomplete: str) -> list[str]:
        names = sorted({name for part in parts for name in library_names(part) if name.startswith(incomplete)})
        return _paths(incomplete, suffix) if names_a_file(incomplete) else names

    return complete


def _paths(incomplete: str, suffix: str) -> list[str]:
    """Folders, and files with the suffix, that a path begins."""
    folder, _, begin = incomplete.rpartition("/")
    try:
        inside = sorted(Path(f"{folder}/" if incomplete.startswith("/") else folder or ".").iterdir())
    except OSError:
        return []
    entries = [path for path in inside if path.name.startswith(begin) and (path.is_dir() or path.suffix == suffix)]
    lead = f"{folder}/" if "/" in incomplete else ""
    return [f"{lead}{path.name}{'/' if path.is_dir() else ''}" for path in entries]


MODELS = completing("models")
MODELS_AND_FITS = completing("models", "fits")
REGIMENS = completing("models/regimens")
VISITS = completing("models/visits")
FITS = completing("fits")
FIGURES = completing("fits/figures")
ALL = completing("models", "models/regimens", "models/visits", "fits", "fits/figures")
