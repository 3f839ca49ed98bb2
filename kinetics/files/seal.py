"""Seals: checksums of the bytes of a whole result, kept with it.

The seal of a NetCDF file is appended to its bytes and verified before HDF5 opens the file. A changed byte can keep HDF5
busy for minutes or make it crash, and Python cannot stop either. HDF5 does not read beyond the end of its own data. A
program that changes the file cuts the seal off. The seal of a Zarr store is a file in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from kinetics.errors import Fault, InputError
from kinetics.files.checksums import bytes_checksum, files_checksum, store_checksums
from kinetics.files.declared import SEAL
from kinetics.files.reading import read_json
from kinetics.files.writing import write_atomically

__all__ = ["check_seal", "damaged_files", "seal_store", "sealed"]

_SEAL = re.compile(rb"\nlymphokinetics sha256 ([0-9a-f]{64})\n")
_LENGTH = len(b"\nlymphokinetics sha256 \n") + 64


def sealed(content: bytes | memoryview) -> bytes:
    r"""The bytes of a file with their seal.

    >>> sealed(b"abc")[:30]
    b'abc\nlymphokinetics sha256 ba78'
    """
    return b"%b\nlymphokinetics sha256 %b\n" % (content, bytes_checksum(content).encode())


def check_seal(path: Path) -> None:
    """Refuse a file whose bytes do not match its seal. A file without a seal, such as of another program, passes.

    `InputError` if a byte of it has changed, `OSError` if it cannot be read.
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
        raise InputError(
            Fault("is damaged: its bytes are not those that were written; make the result again", str(path))
        )


def seal_store(store: Path, layout: Mapping[str, str], chunks: Iterable[tuple[str, list[str]]]) -> None:
    """Write the checksums of a finished store into it, as they were when each part was written.

    ``layout`` has the SHA-256 of each file that is no chunk of runs, ``chunks`` of each chunk of runs the
    `files_checksum` of its files, and their paths from the store.
    """
    content = {"files": dict(layout), "chunks": [[one, files] for one, files in chunks]}
    write_atomically(store / SEAL, json.dumps(content))


def damaged_files(store: Path) -> list[str]:
    """What in a finished store was changed, is gone, or is not of it; nothing if the store has no checksums."""
    if not os.path.lexists(store / SEAL):
        return []
    content = read_json(store / SEAL)
    try:
        layout, chunks = dict(content["files"]), [(str(one), list(map(str, files))) for one, files in content["chunks"]]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(Fault("is damaged: holds no checksums", str(store / SEAL))) from error
    present = store_checksums(store)
    known = {SEAL, *layout, *(name for _, files in chunks for name in files)}
    changed = [name for name, one in layout.items() if present.get(name) != one]
    changed += [", ".join(files) for one, files in chunks if files_checksum(store, files) != one]
    return changed + sorted(present.keys() - known)
