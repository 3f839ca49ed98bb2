"""Results as tables: CSV files, or the sheets of an Excel workbook; one table for variables on the same dims."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from kinetics.errors import Fault, InputError
from kinetics.text.escaping import one_line, spreadsheet_text
from kinetics.text.extras import needs
from kinetics.units import parse_unit, written_unit

TABLES = (".csv", ".xlsx")
"""Suffixes of files of tables."""
MAX_ROWS = 1_048_575
"""Of a sheet of Excel, below its header."""
_NAME_OF_SHEET = 31
"""The most letters that Excel takes."""


def result_tables(result: xr.Dataset | xr.DataTree) -> dict[str, pd.DataFrame]:
    """The tables of a result, by the group and the dims of their variables.

    Parameters
    ----------
    result : xarray.Dataset or xarray.DataTree
        Variables on dims of any kind, each with its ``units``.

    Returns
    -------
    dict of str to pandas.DataFrame
        Of each a row for every point of the dims, with coordinates and variables in columns such as ``N [1e9/L]``;
        that of the variables over time is the first.

    Examples
    --------
    >>> import xarray as xr
    >>> variables = {"A": ("time", [1.0, 0.2], {"units": "1/nL"}), "nadir": ((), 0.2, {"units": "1/nL"})}
    >>> tables = result_tables(xr.Dataset(variables, {"time": ("time", [0.0, 2.0], {"units": "day"})}))
    >>> list(tables)
    ['time', 'values']
    >>> print(tables["time"].to_csv(index=False), end="")
    time [day],A [1e9/L]
    0.0,1.0
    2.0,0.2
    """
    tree = result if isinstance(result, xr.DataTree) else xr.DataTree(result)
    groups = {node.path: node.to_dataset() for node in tree.subtree}
    tables = {
        ".".join(filter(None, (*path.split("/"), "-".join(dims) or "values"))): _table(dataset, dims)
        for path, dataset in groups.items()
        for dims in dict.fromkeys(tuple(map(str, array.dims)) for array in dataset.data_vars.values())
    }
    return dict(sorted(tables.items(), key=lambda item: "time" not in item[0].split(".")[-1].split("-")))


def _table(dataset: xr.Dataset, dims: tuple[str, ...]) -> pd.DataFrame:
    """A row for every point of the dims, in their order."""
    names = [name for name, array in dataset.data_vars.items() if array.dims == dims]
    part = dataset[names]
    part = part.drop_vars([name for name, array in part.coords.items() if not {*array.dims} <= {*dims}])
    columns: dict[str, Any] = {}
    # a dim without a coordinate is counted from 1
    for name in [*dims, *(name for name in part.coords if name not in dims), *names]:
        array = part[name] if name in part.variables else part[name] + 1
        spread = array.broadcast_like(part[names[0]]).transpose(*dims) if dims else array
        columns[_heading(str(name), array.attrs.get("units", ""))] = np.asarray(spread.values).ravel()
    return pd.DataFrame(columns)


def _heading(name: str, unit: str) -> str:
    return name if unit in ("", "1") else f"{name} [{written_unit(parse_unit(unit))}]"


def table_files(result: xr.Dataset | xr.DataTree, path: Path) -> Iterator[tuple[Path, bytes]]:
    """The files of a result and their content: the workbook at a path, or the first table there and others beside it.

    Those are called ``NAME.DIMS.csv``. A text that a spreadsheet would take for a formula has an apostrophe before it.

    Raises
    ------
    InputError
        If the workbook has no room for the rows, or its extra is not installed.
    """
    tables = result_tables(result)
    if path.suffix.lower() == ".xlsx":
        yield path, _workbook(tables, result.attrs, path)
        return
    for number, (name, table) in enumerate(tables.items()):
        text = table.map(_cell).to_csv(index=False, lineterminator="\n")
        yield path.with_suffix(f".{name}.csv") if number else path, text.encode()


def check_tables(path: Path) -> None:
    """Refuse a workbook, with an `InputError`, where what writes it is missing."""
    if path.suffix.lower() == ".xlsx":
        _openpyxl(path)


def _cell(value: Any) -> Any:
    return spreadsheet_text(value) if isinstance(value, str) else value


def _workbook(tables: Mapping[str, pd.DataFrame], facts: Mapping[Any, Any], path: Path) -> bytes:
    book = _openpyxl(path).Workbook(write_only=True)
    about = pd.DataFrame({"name": list(map(str, facts)), "value": list(map(str, facts.values()))})
    for number, (name, table) in enumerate({**tables, "provenance": about}.items(), 1):
        if len(table) > MAX_ROWS:
            message = f"table '{name}' has {len(table)} rows, and a sheet at most {MAX_ROWS}; write .csv or .nc"
            raise InputError(Fault(message, str(path)))
        title = name if len(name) <= _NAME_OF_SHEET else f"{name[: _NAME_OF_SHEET - 4]}~{number}"
        sheet = book.create_sheet(title)
        sheet.append(list(table.columns))
        for row in table.itertuples(index=False):
            sheet.append([_value(value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _value(value: Any) -> Any:
    """What a cell of a workbook holds: a number, a text, or nothing for what is not finite."""
    if isinstance(value, str):
        return one_line(spreadsheet_text(value)) or None
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not np.isfinite(plain) else plain


def _openpyxl(path: Path) -> Any:
    try:
        import openpyxl
    except ImportError as error:
        message = f"{needs('openpyxl', 'excel')}; or end the name in .csv"
        raise InputError(Fault(message, str(path))) from error
    return openpyxl
