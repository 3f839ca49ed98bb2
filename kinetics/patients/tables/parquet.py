"""Parquet tables to cells, by pyarrow."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from kinetics.errors import Fault, InputError
from kinetics.files.capacity import check_memory
from kinetics.patients.tables.cells import Cell

MAX_CELLS = 10**8
_BYTES = 100
"""Memory of a cell as an object of Python, about."""


def read_parquet(raw: bytes, path: str) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """The names of the columns and the rows; `InputError` without pyarrow, or if the file is no such table."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        message = "needs pyarrow; run 'pip install lymphokinetics[parquet]', or save the table as CSV (UTF-8)"
        raise InputError(Fault(message, path)) from error
    try:
        file: Any = pq.ParquetFile(io.BytesIO(raw))
        cells = file.metadata.num_rows * file.metadata.num_columns
        if cells > MAX_CELLS:
            raise InputError(Fault(f"has {cells} cells; at most {MAX_CELLS}", path))
        check_memory(float(_BYTES * cells), path, "read a part of it")
        table: Any = file.read()
        nested = [str(column.name) for column in table.schema if _is_nested(column.type)]
        if nested:
            raise InputError(
                Fault(f"has columns of lists or structures: {', '.join(nested):.200}; leave them out", path)
            )
        columns = [map(_typed, column.to_pylist()) for column in table.columns]
    except InputError:
        raise
    except Exception as error:  # of a damaged file, pyarrow raises anything
        raise InputError(Fault(f"no Parquet table: {type(error).__name__}: {error!s:.200}", path)) from error
    return tuple(map(str, table.column_names)), list(zip(*columns, strict=True))


def _is_nested(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_nested(kind) and not types.is_dictionary(kind)


def _typed(cell: Any) -> Cell:
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return cell if cell is None or isinstance(cell, str | int | float | datetime | date | time) else str(cell)
