"""Where the files that ship lie, and how a name becomes a path.

Nothing heavy is imported here, so that a help text can read a file of the library at once.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from kinetics.errors import UnknownNameError
from kinetics.files.foreign import FOREIGN

_PACKAGE = Path(__file__).resolve().parents[1]
_PARTS = ("models", "models/regimens", "models/visits", "fits", "fits/figures")
_SINGLE = ("reproduce", "comparison")
"""Files that are one of their kind among the fits, and are not chosen by name."""


def library_folder(part: str) -> Path:
    """The folder of the shipped ``models`` or ``fits``: inside the installed package, or beside it in a checkout.

    >>> library_folder("models").name
    'models'
    """
    inside = _PACKAGE / "library" / part
    return inside if inside.is_dir() else _PACKAGE.parent / part


def library_names(part: str) -> list[str]:
    """The names of the shipped files of a folder such as ``models``, ``models/regimens``, ``fits``."""
    stems = (path.stem for path in library_folder(part).glob("*.toml"))
    return sorted(stem for stem in stems if "." not in stem and stem not in _SINGLE)


def find_file(name: str | Path, part: str) -> Path:
    """The path of a file named by a user: see `names_a_file`; all else ships.

    `UnknownNameError`, with the nearest, if ``part``, such as ``models`` or ``models/regimens``, has no such file.
    """
    text = str(name)
    if isinstance(name, Path) or names_a_file(text):
        return Path(text)
    names = library_names(part)
    if text not in names:
        other = next((other for other in _PARTS if text in library_names(other)), None)
        hint = f"; it is one of {other}" if other else similar_name(text, names)
        raise UnknownNameError(f"no '{text}' in {part}{hint}; there are {', '.join(names) or 'none'}")
    return library_folder(part) / f"{text}.toml"


def similar_name(name: str, names: list[str]) -> str:
    """A hint for the end of a message, empty if no name of the library is similar.

    Names of the library are few and often shortened; `kinetics.text.suggestions` finds slips of a letter among many.

    >>> similar_name("hill", ["hill_2012"]), similar_name("x", ["hill_2012"])
    ("; did you mean 'hill_2012'?", '')
    """
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def names_a_file(name: str) -> bool:
    """Whether a name is a path rather than a name of the library: that of a file of another program is one too.

    >>> names_a_file("mine.toml"), names_a_file("mine.xml"), names_a_file("shipped")
    (True, True, False)
    """
    return "/" in name or "\\" in name or name.endswith((".toml", *FOREIGN))


def path_from(file: Path, name: str) -> str | Path:
    """A file named inside another: a path relative to it, or a name of the library.

    >>> path_from(Path("fits/mine.toml"), "../mine.toml").as_posix(), path_from(Path("fits/mine.toml"), "shipped")
    ('fits/../mine.toml', 'shipped')
    """
    return file.parent / name if names_a_file(name) else name
