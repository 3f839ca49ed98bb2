"""Compiled code in files of the user's own: written once, loaded by the next process."""

from __future__ import annotations

import atexit
import hashlib
import importlib.metadata
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_dir

from kinetics import __version__
from kinetics.errors import InputError, warn
from kinetics.files.reading import reason_of

FREE_BYTES = 2**26
"""What has to be free on the disk: a model takes up to a tenth of this."""
MOST_KEYS = 1000
"""Keys whose code is kept, those used last: each edit of an equation makes another, of up to half a megabyte."""


def _users_folder() -> Path:
    if named := os.environ.get("LYMPHOKINETICS_CACHE"):
        return Path(named).absolute()
    folder = Path(user_cache_dir("lymphokinetics", appauthor=False))
    if not folder.is_absolute():  # without a home the tilde stays
        raise RuntimeError("the user has no home folder")
    return folder


def _objection(folder: Path) -> str:
    """What speaks against importing files from a folder, or nothing."""
    if not os.access(folder, os.W_OK):
        return "it is not writable"
    if shutil.disk_usage(folder).free < FREE_BYTES:
        return "its disk is full"
    if os.name == "nt":
        return ""
    status = folder.stat()
    if status.st_uid != os.getuid():
        return "it belongs to somebody else"
    return "others may write to it" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """The folder of compiled code, the user's own with mode 0700: ``$LYMPHOKINETICS_CACHE``, or that of the platform.

    A fresh temporary one, with a warning, where that cannot be used; it is removed when the process ends. Code that was
    used longest ago is removed when a process first asks for the folder.

    Raises
    ------
    InputError
        If nothing can be written, not even to the folder of temporary files.
    """
    folder: Path | str = "the user's cache folder"
    try:
        folder = _users_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = _objection(folder)
        if not reason:
            with suppress(OSError):  # another process may be at it too
                _remove_oldest(folder)
            return folder
    except (OSError, RuntimeError, ValueError) as error:  # also a user without a home; a name with a NUL byte
        reason = reason_of(error)
    try:
        fallback = Path(tempfile.mkdtemp(prefix="lymphokinetics-"))
    except OSError as error:
        raise InputError(
            f"cannot keep compiled code in {folder} ({reason}), nor in the folder of temporary files; "
            "name one that can be written to in LYMPHOKINETICS_CACHE"
        ) from error
    atexit.register(_remove, fallback, os.getpid())
    warn(f"cannot keep compiled code in {folder} ({reason}); using {fallback} for this run")
    return fallback


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a fork still needs it
        shutil.rmtree(folder, ignore_errors=True)


def _remove_oldest(folder: Path) -> None:
    """Remove the code of all keys but `MOST_KEYS`; what is no code stays, whatever folder the user has named."""
    with os.scandir(folder) as entries:
        keys = [one for one in entries if re.fullmatch("[0-9a-f]{24}", one.name) and one.is_dir(follow_symlinks=False)]
    if len(keys) <= MOST_KEYS:
        return
    # a folder of a key is as old as its last use, see `checked_files.read_checked`
    for key in sorted(keys, key=lambda one: one.stat().st_mtime)[:-MOST_KEYS]:
        for path in (*Path(key).glob("*.object"), *Path(key).glob("*.code")):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # there is something else in it
            Path(key).rmdir()


def source_key(sources: Iterable[Path], *parts: str) -> str:
    """A key of 24 digits that changes with the parts, such as a model's hash, with versions and processor, and sources.

    ``sources`` are the files that the code is made by: what they make changes with them, though its name does not.
    """
    digest = hashlib.sha256()
    for part in (*parts, *_environment()):
        digest.update(part.encode() + b"\0")
    for source in sorted(sources):
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


@lru_cache(maxsize=1)
def _environment() -> tuple[str, ...]:
    """Versions and processor: what compiled code depends on beside its source."""
    from llvmlite import binding

    versions = map(importlib.metadata.version, ("numba", "llvmlite", "sympy", "numpy"))
    processor = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    return (__version__, sys.version, processor, *versions)
