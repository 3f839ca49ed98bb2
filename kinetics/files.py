"""The files of a user: read within limits, and only where reading ends; written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

from kinetics.errors import Fault, InputError, StorageError

__all__ = ["check_regular", "read_bytes", "read_json", "write_atomically"]

MAX_JSON = 2**28
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: str | Path, limit: int, what: str = "a text file") -> bytes:
    """Read a regular file of at most so many bytes.

    A pipe, a device or a socket is refused without being opened, since reading one may wait for ever. The pipes of the
    kernel under ``/proc`` claim to be regular files of no length: of such a file nothing is read.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    limit : int
        Bytes it may have.
    what : str
        What it should be, for the message.

    Raises
    ------
    InputError
        If there is no such file, it is no regular file, it is too large, or it cannot be read.
    """
    path = Path(path)
    size = check_regular(path)
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            # looked at again, since another file may have taken the name
            is_regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = (file.read(min(size, limit) + 1) or b"") if size and is_regular else b""
    except (OSError, ValueError) as error:
        raise InputError(Fault(f"cannot be read: {_reason(error)}", str(path))) from error
    if max(size, len(content)) > limit:
        told = f"{limit // 1000} kB" if limit < 10**7 else f"{limit // 10**6} MB"
        raise InputError(Fault(f"larger than {told}, the limit for {what}", str(path)))
    return content


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that this program has written.

    Raises
    ------
    InputError
        If it cannot be read, is of more than 256 MB, or is none.
    """
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
    """The size in bytes of a regular file.

    Raises
    ------
    InputError
        If there is no such file, or it is no regular file.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a name the system refuses, such as one with a NUL byte
        raise InputError(Fault(f"cannot be read: {_reason(error)}", str(path))) from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(Fault("is a folder; name a file", str(path)))
    if not stat.S_ISREG(status.st_mode):
        raise InputError(Fault("is no regular file", str(path)))
    return status.st_size


def write_atomically(path: str | Path, content: str | bytes | memoryview) -> None:
    """Write a file through a temporary one beside it, so that a failure leaves what was there untouched.

    Parameters
    ----------
    path : str or pathlib.Path
        Where the file goes.
    content : str, bytes or memoryview
        All of it; a text is written as UTF-8.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to, or something that is no regular file has the name.
    StorageError
        If there is no room for the content, or the system refuses to write it.
    """
    path, raw = Path(path), content.encode() if isinstance(content, str) else content
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name a file")
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is no regular file; name another")
        free = shutil.disk_usage(path.parent).free
        if free < len(raw):
            raise StorageError(f"{path}: cannot be written: needs {len(raw)} bytes, and {free} are free")
        # of the stem only a part: a name that is just short enough would be too long with more
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-", suffix=path.suffix[:20])
    except (InputError, StorageError):
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be written: {_reason(error)}") from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())  # some file systems tell of a full disk only here
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {_reason(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
