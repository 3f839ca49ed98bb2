"""Where the files that ship lie; apart from the rest so that a help text can read one without the models."""

from __future__ import annotations

from pathlib import Path

__all__ = ["library_folder"]

_PACKAGE = Path(__file__).resolve().parent


def library_folder(part: str) -> Path:
    """The folder of the shipped ``models`` or ``fits``: inside the installed package, or beside it in a checkout.

    Examples
    --------
    >>> library_folder("models").name
    'models'
    """
    inside = _PACKAGE / "library" / part
    return inside if inside.is_dir() else _PACKAGE.parent / part
