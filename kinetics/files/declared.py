"""Checks of what a NetCDF file or a Zarr store declares, before any value is read."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinetics.errors import Fault, InputError
from kinetics.files.capacity import check_memory
from kinetics.files.reading import check_regular, read_bytes, read_json
from kinetics.text.extras import needs

MAX_DEPTH = 16
MAX_OBJECTS = 100_000
MAX_TEXT = 2**28
SEAL = ".checksums"
"""File of a finished Zarr store: the checksum of every other."""
META = (".zgroup", ".zattrs", ".zmetadata", ".zarray", SEAL)
"""Files of a Zarr store that hold no values."""
CHUNK_NAME = re.compile(r"\d+(\.\d+)*")
TEXT = {"id": "vlen-utf8"}
_ADVICE = "take a part of it, or a machine with more memory"


def check_netcdf(path: Path) -> None:
    """Refuse a NetCDF file that leads elsewhere, or declares more than fits into memory; `OSError` if it is no HDF5."""
    import h5py

    check_regular(path)
    declared, objects = 0.0, 0
    with h5py.File(path, "r") as file:
        waiting: list[tuple[Any, int]] = [(file, 0)]
        while waiting:
            group, depth = waiting.pop()
            for name in group:
                objects += 1
                if objects > MAX_OBJECTS or depth > MAX_DEPTH:  # a group can contain itself
                    raise InputError(Fault(f"is nested beyond reason, or has more than {MAX_OBJECTS} parts", str(path)))
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise InputError(Fault(f"'{name}' is a link; a result has none", str(path)))
                item = group[name]
                if isinstance(item, h5py.Group):
                    waiting.append((item, depth + 1))
                elif isinstance(item, h5py.Dataset):
                    if item.external or item.is_virtual:
                        raise InputError(Fault(f"'{name}' is stored in other files; a result is one file", str(path)))
                    declared += float(item.size or 0) * item.dtype.itemsize
    check_memory(2 * declared, str(path), _ADVICE)


def check_zarr(path: Path) -> None:
    """Refuse, with an `InputError`, to read or write a Zarr store where Zarr is not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("numcodecs", "zarr")):
        raise InputError(Fault(f"a store {needs('Zarr', 'store')}", str(path)))


def check_store(path: Path) -> None:
    """Refuse a Zarr store that holds anything but what results hold, or an array of more than fits into memory."""
    if (path / "zarr.json").exists():
        raise InputError(Fault("is of Zarr format 3; results are of format 2", str(path)))
    files = dict(_files(path))
    files_in: dict[str, list[tuple[str, int]]] = {}
    for name, size in files.items():
        folder, _, file = name.rpartition("/")
        if file not in META:
            files_in.setdefault(folder, []).append((file, size))
    for name, row in _arrays(path, files):
        shape, chunks = (_lengths(path, name, row, key) for key in ("shape", "chunks"))
        if len(shape) != len(chunks) or 0 in chunks:
            raise InputError(Fault(f"array '{name}' is damaged: its chunks do not fit its shape", str(path)))
        is_text = row.get("filters") == [TEXT]
        if row.get("compressor") is not None or not (is_text or row.get("filters") is None):
            raise InputError(Fault(f"array '{name}' is compressed or encoded; results are neither", str(path)))
        try:
            kind = np.dtype(row.get("dtype"))
        except (TypeError, ValueError, SyntaxError) as error:
            raise InputError(Fault(f"array '{name}' has no type that can be read", str(path))) from error
        if kind.hasobject != is_text or kind.kind == "V":
            raise InputError(Fault(f"array '{name}' has a type that results do not have", str(path)))
        size = max(math.prod(shape), math.prod(chunks)) * kind.itemsize
        check_memory(2.0 * size, f"{path}: array '{name}'", _ADVICE)
        _check_chunks(path / name, files_in.get(name, ()), math.prod(chunks), 0 if is_text else kind.itemsize)


def _files(path: Path) -> Iterator[tuple[str, int]]:
    """Every file of a store and its size, by its path from there; none may be a pipe, which may be read for ever."""
    for folder, folders, names in os.walk(path, onerror=_raise):
        for name in (*folders, *names):
            entry = Path(folder, name)
            status = entry.lstat()
            if stat.S_ISREG(status.st_mode):
                yield entry.relative_to(path).as_posix(), status.st_size
            elif not stat.S_ISDIR(status.st_mode):
                raise InputError(Fault("is no regular file; a store has only regular files", str(entry)))


def _raise(error: OSError) -> None:
    raise error


def _arrays(path: Path, files: Mapping[str, int]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What is declared of each array, as readers find it: in the consolidated metadata, if there are any."""
    if ".zmetadata" in files:
        rows = read_json(path / ".zmetadata").get("metadata")
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            raise InputError(Fault("is damaged: it has no rows of metadata", str(path / ".zmetadata")))
    else:
        rows = {name: read_json(path / name) for name in files if name.endswith((".zarray", ".zgroup", ".zattrs"))}
    for key, row in rows.items():
        name, _, kind = key.rpartition("/")
        if kind not in META or kind == SEAL or any(part in ("", ".", "..") for part in key.split("/")):
            raise InputError(Fault(f"has metadata of '{key}'; no result has them", str(path)))
        if kind == ".zarray":
            yield name, row


def _lengths(path: Path, name: str, row: Mapping[str, Any], key: str) -> list[int]:
    lengths = row.get(key)
    if not isinstance(lengths, list) or not all(type(n) is int and 0 <= n < 2**63 for n in lengths):
        raise InputError(Fault(f"array '{name}' is damaged: it has no {key}", str(path)))
    return lengths


def _check_chunks(folder: Path, chunks: Iterable[tuple[str, int]], values: int, width: int) -> None:
    """Refuse a chunk that does not hold ``values`` values of ``width`` bytes each; a width of 0 stands for text."""
    for name, size in chunks:
        whole = size == values * width if width else _is_text(folder / name, values)
        if not whole:
            raise InputError(f"{folder / name}: is damaged: it does not hold {values} values")


def _is_text(path: Path, values: int) -> bool:
    from numcodecs import VLenUTF8

    raw = read_bytes(path, MAX_TEXT, "a chunk of text")
    if int.from_bytes(raw[:4], "little") != values:  # checked first: the decoder allocates room for this number
        return False
    try:
        return len(VLenUTF8().decode(raw)) == values
    except Exception:  # bytes that are no text raise anything
        return False
