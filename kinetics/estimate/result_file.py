"""Estimates as the text of ``NAME.result.toml``."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinetics.cohorts.fit_results import EstimateRow
from kinetics.estimate.estimates import Estimates
from kinetics.files.checksums import CHECKSUM, table_checksum
from kinetics.files.library import names_a_file
from kinetics.files.writing import write_atomically

__all__ = ["write_estimates"]


def write_estimates(estimates: Estimates, path: str | Path) -> None:
    """Write the committed result of a fit as TOML, atomically.

    Numbers have ten digits: the same text on every machine that agrees to that many.

    Parameters
    ----------
    estimates : Estimates
        What is kept.
    path : str or Path
        ``NAME.result.toml``; a model that is a file is named by its path from there.
    """
    text = _text(estimates, _relative(estimates.model, Path(path).parent))
    write_atomically(path, text)


def _text(found: Estimates, model: str) -> str:
    identity = {"fit": found.fit, "model": model, "cohort": found.cohort, "builds_on": list(found.builds_on)}
    columns = zip(found.values, found.units, found.log_se, found.verdicts, strict=True)
    rows = [dict(zip(EstimateRow.model_fields, row, strict=True)) for row in columns]
    header = [
        f"# Written by 'kinetics fit {found.fit} --save'; the only place of these estimates.",
        "[result]",
        *_table({**identity, **found.facts}),
    ]
    tables = [
        "",
        "[estimates]",
        *(f"{_toml(name)} = {{ {', '.join(_table(row))} }}" for name, row in zip(found.names, rows, strict=True)),
        "",
        "# of the natural logarithms, in the order above",
        "[covariance]",
        f"log = {_matrix(found.covariance)}",
        "",
        "# how the logarithms of the estimates follow those of parameters fixed 'at' another fit's estimates",
        "[response]",
        f"given = {_toml(list(found.given))}",
        f"at = [{', '.join(map(_toml, found.given_values))}]",
        f"log = {_matrix(found.response)}",
    ]
    checksum = table_checksum(tomllib.loads("\n".join([*header, *tables])), "result")
    return "\n".join([*header, *_table({CHECKSUM: checksum}), *tables]) + "\n"


def _table(values: Mapping[str, Any]) -> Iterable[str]:
    return (f"{key} = {_toml(value)}" for key, value in values.items())


def _toml(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return f"{value:.10g}" if value % 1 or abs(value) > 1e15 else f"{value:.1f}"
    # TOML has no surrogate pairs, and JSON leaves the delete character as it is
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _matrix(matrix: np.ndarray) -> str:
    rows = ["  [" + ", ".join(f"{value:.9e}" for value in row) + "]," for row in matrix]
    return "[\n" + "\n".join(rows) + "\n]" if rows else "[]"


def _relative(model: str, folder: Path) -> str:
    return Path(os.path.relpath(model, folder.resolve())).as_posix() if names_a_file(model) else model
