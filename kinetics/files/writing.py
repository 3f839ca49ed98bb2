"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from kinetics.errors import InputError, StorageError
from kinetics.files.reading import reason_of


def write_atomically(path: str | Path, content: str | bytes | memoryview) -> None:
    """Write a file, a text as UTF-8, through a temporary one beside it: a failure leaves what was there untouched.

    `InputError` if there cannot be such a file, `StorageError` if there is no room or the system refuses to write it.
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
        # only a part of the stem: the whole of a long name and the random part would exceed the limit of the system
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-", suffix=path.suffix[:20])
    except (InputError, StorageError):
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be written: {reason_of(error)}") from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())  # some file systems tell of a full disk only here
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {reason_of(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
