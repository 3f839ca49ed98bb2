"""Dotted keys: TOML nests ``pk.k = {...}``, a reader means one row named ``pk.k``."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

__all__ = ["dotted_rows"]


def dotted_rows(
    table: Mapping[str, Any], names: Container[str], columns: Iterable[str], path: tuple[str, ...] = ()
) -> Iterable[tuple[tuple[str, ...], Any]]:
    """The rows of a table whose keys may have one dot, each with the parts of its key.

    Parameters
    ----------
    table : mapping
        As TOML reads it.
    names : container of str
        Flat names that are known to be rows, such as ``pk_k``.
    columns : iterable of str
        The keys of a row.
    path : tuple of str
        The keys that led to the table.

    Examples
    --------
    >>> [".".join(path) for path, _ in dotted_rows({"k": {"unit": "1"}, "pk": {"k": {"unit": "1"}}}, (), ["unit"])]
    ['k', 'pk.k']
    """
    columns = frozenset(columns)
    for key, row in table.items():
        inner = (*path, key)
        is_row = "_".join(inner) in names or not isinstance(row, dict) or row.keys() & columns
        if is_row or len(inner) > 2:
            yield inner, row
        else:
            yield from dotted_rows(row, names, columns, inner)
