"""Regular files read within a limit: never a pipe or a device, whose reading may not end."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from kinetics.errors import Fault, InputError

MAX_TEXT = 1_000_000
"""Bytes of a text file that somebody writes."""
MAX_JSON = 2**28
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: str | Path, limit: int, what: str = "a text file") -> bytes:
    """Read a regular file of at most ``limit`` bytes; `InputError` if that cannot be; ``what`` it should be is for it.

    A pipe, a device or a socket is refused without being opened, since reading one may wait for ever. The pipes of the
    kernel under ``/proc`` claim to be regular files of no length: of such a file nothing is read.
    """
    path = Path(path)
    size = check_regular(path)
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            # checked again, since another file may have taken the name
            is_regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = (file.read(min(size, limit) + 1) or b"") if size and is_regular else b""
    except (OSError, ValueError) as error:
        raise InputError(Fault(f"cannot be read: {reason_of(error)}", str(path))) from error
    if max(size, len(content)) > limit:
        limit_text = f"{limit // 1000} kB" if limit < 10**7 else f"{limit // 10**6} MB"
        raise InputError(Fault(f"larger than {limit_text}, the limit for {what}", str(path)))
    return content


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of at most 256 MB that this program has written; `InputError` if it is none."""
    try:
        content = json.loads(read_bytes(path, MAX_JSON, "a JSON file"))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(Fault("is damaged: not JSON", str(path))) from error
    if not isinstance(content, dict):
        raise InputError(Fault("is damaged: not a JSON object", str(path)))
    return content


def check_regular(path: Path) -> int:
    """The size in bytes of a regular file; `InputError` if there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a name the system refuses, such as one with a NUL byte
        raise InputError(Fault(f"cannot be read: {reason_of(error)}", str(path))) from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(Fault("is a folder; name a file", str(path)))
    if not stat.S_ISREG(status.st_mode):
        raise InputError(Fault("is no regular file", str(path)))
    return status.st_size


def reason_of(error: Exception) -> str:
    """What the system says of an error, without its number and the path."""
    return str(getattr(error, "strerror", None) or error)
