"""``NAME.result.toml``, the committed result of a fit: its tables, read and written."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tomli_w
from pydantic import Field, StrictStr

from kinetics.cohorts.fit_results import EstimateRow, read_estimates
from kinetics.errors import Faults, InputError
from kinetics.files.checksums import CHECKSUM, table_checksum
from kinetics.files.documents import Document, read_document
from kinetics.files.library import names_a_file
from kinetics.files.rows import Row, read_row
from kinetics.files.writing import write_atomically

Number = Annotated[float, Field(allow_inf_nan=False)]
Matrix = Annotated[list[Annotated[list[Number], Field(max_length=1000)]], Field(max_length=1000)]


class ResultRow(Row):
    """``[result]``: what was fitted, and with what."""

    fit: StrictStr
    model: StrictStr
    cohort: StrictStr
    builds_on: tuple[str, ...] = ()
    package_version: StrictStr = ""
    model_hash: StrictStr = ""
    data_hash: StrictStr = ""
    seed: int = 0
    cost: float = np.nan
    condition_number: float = np.nan
    about: StrictStr = ""
    checksum: StrictStr = ""


class CovarianceRow(Row):
    """``[covariance]`` of the natural logarithms, in the order of the estimates."""

    log: Matrix


class ResponseRow(Row):
    """``[response]`` of the logarithms to those of the parameters ``given``, which were fixed ``at`` their values."""

    given: list[StrictStr]
    at: list[Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    log: Matrix


@dataclass(frozen=True, eq=False)
class ResultFile:
    """A committed result as its file has it.

    ``model`` is the name of the model, or the absolute path of its file. Of ``covariance``, (parameter, parameter), and
    ``response``, (parameter, earlier), the shapes are not checked: both are of natural logarithms.
    """

    document: Document
    result: ResultRow
    model: str
    estimates: dict[str, EstimateRow]
    covariance: np.ndarray
    earlier: tuple[str, ...]
    earlier_values: np.ndarray
    response: np.ndarray


def read_result_file(path: str | Path) -> ResultFile:
    """Read a committed result.

    Raises
    ------
    InputError
        If it is missing or not of the form `write_result_file` gives it; every fault of the file.
    """
    document, faults = read_document(path), Faults()
    estimates = read_estimates(document, faults)
    result = read_row(ResultRow, document.data.get("result"), document, ("result",), faults)
    covariance = read_row(CovarianceRow, document.data.get("covariance"), document, ("covariance",), faults)
    response = read_row(ResponseRow, document.data.get("response"), document, ("response",), faults)
    if result is None or covariance is None or response is None or len(faults):
        raise InputError(*faults)
    model = result.model
    return ResultFile(
        document,
        result,
        str((document.path.parent / model).resolve()) if names_a_file(model) else model,
        estimates,
        _array(covariance.log, len(estimates)),
        tuple(response.given),
        np.array(response.at, dtype=float),
        _array(response.log, len(response.given)),
    )


def _array(rows: list[list[float]], columns: int) -> np.ndarray:
    """Rows as a matrix; one without columns, which no fit accepts, if their lengths differ."""
    if len({len(row) for row in rows}) > 1:
        return np.empty((len(rows), 0))
    return np.array(rows, dtype=float).reshape(len(rows), len(rows[0]) if rows else columns)


def write_result_file(
    path: str | Path,
    result: Mapping[str, Any],
    estimates: Mapping[str, EstimateRow],
    covariance: np.ndarray,
    response: Mapping[str, Any],
) -> None:
    """Write a committed result, atomically, with the checksum of its content.

    Numbers have ten digits: the same text on every machine that agrees to that many.

    ``result``, ``estimates`` and ``response`` are the tables as `ResultRow`, `EstimateRow` by name, and `ResponseRow`
    have them. A model that is a file is named by its path from the result.
    """
    model, folder = result["model"], Path(path).parent.resolve()
    if names_a_file(model):
        result = {**result, "model": Path(os.path.relpath(model, folder)).as_posix()}
    header = [
        f"# Written by 'kinetics fit {result['fit']} --save'; the only place of these estimates.",
        "[result]",
        *_lines(result),
    ]
    tables = [
        "",
        "[estimates]",
        *(f"{_text(name)} = {{ {', '.join(_lines(row.model_dump()))} }}" for name, row in estimates.items()),
        "",
        "# of the natural logarithms, in the order above",
        "[covariance]",
        f"log = {_matrix(covariance)}",
        "",
        "# how the logarithms of the estimates follow those of parameters fixed 'at' another fit's estimates",
        "[response]",
        *_lines({"given": response["given"], "at": response["at"]}),
        f"log = {_matrix(response['log'])}",
    ]
    checksum = table_checksum(tomllib.loads("\n".join([*header, *tables])), "result")
    write_atomically(path, "\n".join([*header, *_lines({CHECKSUM: checksum}), *tables]) + "\n")


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_text(value)}" for key, value in table.items()]


def _text(value: Any) -> str:
    """A value as TOML on one line: tomli-w gives each item of a list a line of its own, which no diff needs."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, float):
        value = float(f"{value:.10g}")
    return tomli_w.dumps({"_": value}).removeprefix("_ = ").rstrip("\n")


def _matrix(matrix: np.ndarray) -> str:
    rows = ["  [" + ", ".join(f"{value:.9e}" for value in row) + "]," for row in matrix]
    return "[\n" + "\n".join(rows) + "\n]" if rows else "[]"
