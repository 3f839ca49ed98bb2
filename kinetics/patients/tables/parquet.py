"""Parquet tables to cells, by pyarrow."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from kinetics.errors import Fault, InputError
from kinetics.files.capacity import check_memory
from kinetics.patients.tables.cells import MAX_CELLS, MAX_COLUMNS, Cell
from kinetics.text.extras import needs

_BYTES = 100
"""Memory of a cell as an object of Python, about."""


def read_parquet(raw: bytes, path: str) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """The names of the columns and the rows; `InputError` without pyarrow, or if the file is no such table."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        message = f"{needs('pyarrow', 'parquet')}; or save the table as CSV (UTF-8)"
        raise InputError(Fault(message, path)) from error
    try:
        _check_size(pq.read_metadata(io.BytesIO(raw)), path)
        schema: Any = pq.read_schema(io.BytesIO(raw))
        if nested := [str(column.name) for column in schema if _is_nested(column.type)]:
            listed = f"has columns of lists or structures: {', '.join(nested):.200}"
            raise InputError(Fault(f"{listed}; leave them out", path))
        # a text that stands in many rows stays one
        texts = [column.name for column in schema if pa.types.is_string(column.type) or pa.types.is_binary(column.type)]
        table: Any = pq.ParquetFile(io.BytesIO(raw), read_dictionary=texts).read()
        columns = [[cell for chunk in column.chunks for cell in _cells(chunk)] for column in table.columns]
    except InputError:
        raise
    except Exception as error:  # of a damaged file, pyarrow raises anything
        raise InputError(Fault(f"no Parquet table: {type(error).__name__}: {error!s:.200}", path)) from error
    return tuple(map(str, table.column_names)), list(zip(*columns, strict=True))


def _check_size(metadata: Any, path: str) -> None:
    """Refuse what declares more columns, cells or bytes than can be read; `InputError`."""
    cells = metadata.num_rows * metadata.num_columns
    if metadata.num_columns > MAX_COLUMNS or not 0 <= cells <= MAX_CELLS:
        limits = f"at most {MAX_COLUMNS} columns and {MAX_CELLS} cells"
        raise InputError(Fault(f"has {metadata.num_columns} columns and {cells} cells; {limits}", path))
    unpacked = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    check_memory(float(_BYTES * cells + 2 * unpacked), path, "read a part of it")


def _cells(chunk: Any) -> Iterator[Cell]:
    import pyarrow.types as types

    if not types.is_dictionary(chunk.type):
        return map(_typed, chunk.to_pylist())
    known = [_typed(cell) for cell in chunk.dictionary.to_pylist()]
    return (None if index is None else known[index] for index in chunk.indices.to_pylist())


def _is_nested(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_nested(kind) and not types.is_dictionary(kind)


def _typed(cell: Any) -> Cell:
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return cell if cell is None or isinstance(cell, str | int | float | datetime | date | time) else str(cell)
