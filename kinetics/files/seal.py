"""The seal of a NetCDF file: a checksum of its bytes, appended to them and verified before HDF5 opens the file.

A changed byte can keep HDF5 busy for minutes or make it crash, and Python cannot stop either. HDF5 does not read beyond
the end of its own data. A program that changes the file cuts the seal off.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from kinetics.errors import InputError
from kinetics.files.checksums import bytes_checksum

__all__ = ["check_seal", "sealed"]

_SEAL = re.compile(rb"\nlymphokinetics sha256 ([0-9a-f]{64})\n")
_LENGTH = len(b"\nlymphokinetics sha256 \n") + 64


def sealed(content: bytes | memoryview) -> bytes:
    r"""The bytes of a file with their seal.

    Examples
    --------
    >>> sealed(b"abc")[:30]
    b'abc\nlymphokinetics sha256 ba78'
    """
    return b"%b\nlymphokinetics sha256 %b\n" % (content, bytes_checksum(content).encode())


def check_seal(path: Path) -> None:
    """Refuse a file whose bytes do not match its seal. A file without a seal, such as of another program, passes.

    Raises
    ------
    InputError
        If a byte of it has changed.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END) - _LENGTH
        file.seek(max(length, 0))
        seal = _SEAL.fullmatch(file.read(_LENGTH))
        if seal is None:
            return
        file.seek(0)
        digest = hashlib.sha256()
        while length > 0 and (block := file.read(min(length, 2**20))):
            digest.update(block)
            length -= len(block)
    if digest.hexdigest().encode() != seal[1]:
        raise InputError(f"{path}: is damaged: its bytes are not those that were written; make the result again")
