"""Checksums of results: of what a result says, whatever the layout of its file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.documents import content_hash

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CHECKSUM", "ChecksumWarning", "table_checksum", "tree_checksum"]

CHECKSUM = "checksum"
"""The key, or the attribute of the root, that holds it."""


class ChecksumWarning(UserWarning):
    """A result does not say any more what was written: it was edited by hand, or is damaged."""


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
    """As NetCDF gives it back, which has no lists of one and no tuples."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return _attribute(value[0]) if len(value) == 1 else [_attribute(one) for one in value]
    return int(value) if isinstance(value, bool) else value


def _values(values: np.ndarray) -> str:
    """SHA-256 of numbers as bytes, the least first, every NaN alike; of text as JSON."""
    if not values.size:
        return ""  # NetCDF forgets of what kind there is nothing
    if values.dtype.kind not in "biuf":
        return content_hash([str(one) for one in values.ravel().tolist()])
    flat = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
    if flat.dtype.kind == "f":
        flat[np.isnan(flat)] = np.nan
    return f"{flat.dtype.str} {hashlib.sha256(flat.tobytes()).hexdigest()}"
