"""Files of the cache. Each begins with the checksum of the rest; a damaged one is removed and made again."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from kinetics.errors import InputError, warn
from kinetics.files.checksums import bytes_checksum
from kinetics.files.writing import write_atomically


def write_checked(path: Path, content: bytes) -> None:
    """Write a file of the cache, and its folder; if it cannot be written, warn and go on without it."""
    try:
        if path.parent.exists() and not path.parent.is_dir():
            _remove_damaged(path.parent)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, _head(content) + content)
    except (OSError, InputError) as error:
        warn(f"compiled code is not kept: {error}")


def read_checked(path: Path) -> bytes | None:
    """The content of a file of the cache, or None. A damaged file is removed, with a warning."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            _remove_damaged(path)
            return None
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError:  # none is there, or another process has just removed it
        return None
    if head + b"\n" != _head(content):
        _remove_damaged(path)
        return None
    with suppress(OSError):
        os.utime(path.parent)  # it is in use: what was used longest ago is removed first
    return content


def _head(content: bytes) -> bytes:
    return f"# sha256 {bytes_checksum(content)}\n".encode()


def _remove_damaged(path: Path) -> None:
    warn(f"compiled code in {path.parent} is damaged; it is made anew")
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
