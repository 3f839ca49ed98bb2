"""Checksums (SHA-256): of bytes, of JSON-like content, of results whatever the layout of their file; and seals.

A seal is the checksum of the bytes of a whole result, kept with it. That of a NetCDF file is appended to its bytes and
verified before HDF5 opens the file. A changed byte can keep HDF5 busy for minutes or make it crash, and Python cannot
stop either. HDF5 does not read beyond the end of its own data. A program that changes the file cuts the seal off. The
seal of a Zarr store is a file in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.errors import Fault, InputError
from kinetics.files.declared import SEAL
from kinetics.files.reading import read_json
from kinetics.files.writing import write_atomically

if TYPE_CHECKING:
    import xarray as xr

CHECKSUM = "checksum"
"""The key, or the attribute of the root, that holds the checksum of a result."""
_GONE = "gone"
"""In place of the checksum of a file that is not there."""


class ChecksumWarning(UserWarning):
    """The content of a result is not what was written, edited by hand or damaged, or has no checksum that tells."""


def bytes_checksum(content: bytes | memoryview) -> str:
    """The SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def content_hash(*parts: Any) -> str:
    """The SHA-256 of some JSON-like content, independent of the order of keys.

    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=True)
    return bytes_checksum(text.encode())


def table_checksum(data: Mapping[str, Any], table: str) -> str:
    """SHA-256 of the content of a TOML file, without the key ``checksum`` of one of its tables.

    >>> table_checksum({"result": {"a": 1}}, "result") == table_checksum({"result": {"checksum": "", "a": 1}}, "result")
    True
    """
    header = data.get(table)
    if isinstance(header, dict):
        data = {**data, table: {key: value for key, value in header.items() if key != CHECKSUM}}
    return content_hash(data)


def tree_checksum(result: xr.Dataset | xr.DataTree) -> str:
    """SHA-256 of a dataset or a tree of them: dims, values and attributes of every variable, attributes of every group.

    Compression, chunks, fill values and the order of variables do not matter, nor does the attribute ``checksum``.

    >>> import xarray as xr
    >>> one = xr.Dataset({"A": ("time", [1.0, 2.0])}, attrs={"checksum": "x"})
    >>> tree_checksum(one) == tree_checksum(xr.DataTree(one.drop_attrs()))
    True
    """
    import xarray as xr  # takes most of a second, which the text files need not

    nodes = result.subtree if isinstance(result, xr.DataTree) else ()
    groups = {node.path: node.to_dataset(inherit=False) for node in nodes} or {"/": result}
    return content_hash({path: _group(group) for path, group in groups.items()})


def _group(group: Any) -> list[Any]:
    attrs = {name: value for name, value in group.attrs.items() if name != CHECKSUM}
    variables = {
        str(name): [one.dims, one.shape, _values(one.values), _attributes(one.attrs)]
        for name, one in group.variables.items()
    }
    return [_attributes(attrs), variables]


def _attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _attribute(value) for name, value in attrs.items()}


def _attribute(value: Any) -> Any:
    """The value as NetCDF gives it back: a list of one becomes its item, a tuple a list, a bool an integer."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return _attribute(value[0]) if len(value) == 1 else [_attribute(one) for one in value]
    return int(value) if isinstance(value, bool) else value


def _values(values: np.ndarray) -> str:
    """SHA-256 of numbers as little-endian bytes with one form of NaN; of text as JSON."""
    if not values.size:
        return ""  # NetCDF does not keep the type of an empty array
    if values.dtype.kind not in "biuf":
        return content_hash([str(one) for one in values.ravel().tolist()])
    flat = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
    if flat.dtype.kind == "f":
        flat[np.isnan(flat)] = np.nan
    return f"{flat.dtype.str} {bytes_checksum(flat.tobytes())}"


def files_checksum(store: Path, files: Iterable[str]) -> str:
    """The SHA-256 of files of a store and their names; a missing file counts: Zarr leaves out chunks of fill values."""
    return bytes_checksum("\n".join(f"{name}\0{_of_file(store / name)}" for name in files).encode())


def store_checksums(store: Path, without: Iterable[str] = ()) -> dict[str, str]:
    """The SHA-256 of each file of a store, by its path from there; the files of ``without`` are left out."""
    left_out = set(without)
    return {name: _of_file(store / name) for name in sorted(paths_in(store)) if name not in left_out}


def paths_in(store: Path) -> Iterator[str]:
    """Everything in a store that is no folder, and the folders that are empty, by the path from there."""
    for folder, folders, names in os.walk(store):
        path = Path(folder)
        links = [name for name in folders if (path / name).is_symlink()]
        yield from ((path / name).relative_to(store).as_posix() for name in (*names, *links))
        if not folders and not names:
            yield path.relative_to(store).as_posix()


def _of_file(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return _GONE
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return _GONE


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
