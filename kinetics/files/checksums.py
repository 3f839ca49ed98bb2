"""Checksums (SHA-256): of bytes, of JSON-like content, of results whatever the layout of their file, of files."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "CHECKSUM",
    "ChecksumWarning",
    "bytes_checksum",
    "content_hash",
    "files_checksum",
    "paths_in",
    "store_checksums",
    "table_checksum",
    "tree_checksum",
]

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

    Examples
    --------
    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=True)
    return bytes_checksum(text.encode())


def table_checksum(data: Mapping[str, Any], table: str) -> str:
    """SHA-256 of the content of a TOML file, without the key ``checksum`` of one of its tables.

    Examples
    --------
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

    Examples
    --------
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
