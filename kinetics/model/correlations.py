"""Correlations between parameters that vary: ``[[correlations]]`` of a model or a cohort, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from kinetics.errors import Faults
from kinetics.model.quantities import Correlation, Parameter
from kinetics.model.reading import MAX_ROWS, TableReader
from kinetics.model.schema import CorrelationRow
from kinetics.text.lists import listed
from kinetics.text.suggestions import did_you_mean

MARGIN = 1e-10
"""The least eigenvalue of a matrix that counts as positive definite: above the rounding of a hundred parameters."""
MOST_TOGETHER = 100
"""Parameters that hang together by correlations."""


def read_correlations(reader: TableReader, keys: tuple[str, ...], rows: Any) -> tuple[Correlation, ...]:
    """The rows of the list under ``keys``, by flat names; those of a model that could not be read are left out."""
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        reader.add(f"must be at most {MAX_ROWS} tables [[{'.'.join(keys)}]]", *keys)
        return ()
    read = []
    for index, data in enumerate(rows):
        path = (*keys, str(index))
        row = reader.row(CorrelationRow, data, *path)
        if row is None:
            continue
        reader.source(row.source, *path, "source")
        if not any(name.partition(".")[0] in reader.names.lost for name in row.between):
            one, other = (name.replace(".", "_") for name in row.between)
            read.append(Correlation((one, other), row.value, row.source, reader.document.where(*path, "between")))
    return tuple(read)


def by_pair(*levels: Iterable[Correlation]) -> dict[tuple[str, str], Correlation]:
    """Correlations by pair; a later level replaces what an earlier one says of the same pair."""
    return {row.pair: row for rows in levels for row in rows}


def check_correlations(
    own: Iterable[Correlation],
    inherited: Iterable[Correlation],
    parameters: Mapping[str, Parameter],
    faults: Faults,
    name: str = "correlations",
) -> None:
    """Each of ``own`` is between two parameters that vary, once, and with those inherited they are possible."""
    checked: dict[tuple[str, str], Correlation] = {}
    for row in own:
        one, other = row.pair
        unknown = [flat for flat in row.pair if flat not in parameters]
        for flat in unknown:
            faults.add(f"unknown parameter '{flat}'{did_you_mean(flat, parameters)}", row.where, name)
        if unknown:
            continue
        if one == other:
            faults.add(f"correlates '{one}' with itself", row.where, name)
        elif row.pair in checked:
            faults.add(f"'{one}' and '{other}' are given twice, before at {checked[row.pair].where}", row.where, name)
        else:
            checked[row.pair] = row
        for flat in dict.fromkeys(row.pair):
            if not parameters[flat].varies:
                faults.add(f"'{flat}' does not vary; give it a spread or shares", row.where, name)
    _check_together(checked, by_pair(inherited, checked.values()), faults, name)


def _check_together(
    own: Mapping[tuple[str, str], Correlation],
    together: Mapping[tuple[str, str], Correlation],
    faults: Faults,
    name: str,
) -> None:
    """Parameters that hang together by own correlations and others have a matrix that is positive definite."""
    neighbours: dict[str, list[str]] = {}
    for one, other in together:
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    done: set[str] = set()
    for row in reversed(list(own.values())):
        if row.pair[0] in done:
            continue
        block = _reached(row.pair[0], neighbours)
        done.update(block)
        names = listed((f"'{flat}'" for flat in block), 6)
        if len(block) > MOST_TOGETHER:
            faults.add(f"more than {MOST_TOGETHER} parameters hang together by correlations: {names}", row.where, name)
        elif not _is_possible(block, together):
            message = f"the correlations of {names} contradict each other: their matrix is not positive definite"
            faults.add(message, row.where, name)


def _reached(start: str, neighbours: Mapping[str, Iterable[str]]) -> list[str]:
    """The parameters that hang together with one, in alphabetical order."""
    reached, level = {start}, [start]
    while level:
        level = [flat for each in level for flat in neighbours[each] if flat not in reached]
        reached.update(level)
    return sorted(reached)


def correlation_matrix(names: Iterable[str], values: Mapping[tuple[str, str], float]) -> np.ndarray:
    """The correlation matrix of some parameters, (name, name); pairs with others are left out.

    >>> correlation_matrix(["a", "b"], {("a", "b"): 0.5, ("a", "c"): 0.9})
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    index = {name: number for number, name in enumerate(names)}
    matrix = np.eye(len(index))
    for (one, other), value in values.items():
        if one in index and other in index:
            matrix[index[one], index[other]] = matrix[index[other], index[one]] = value
    return matrix


def _is_possible(block: list[str], rows: Mapping[tuple[str, str], Correlation]) -> bool:
    matrix = correlation_matrix(block, {pair: row.value for pair, row in rows.items()})
    return bool(np.linalg.eigvalsh(matrix)[0] > MARGIN)
