"""Units of one table that contradict each other, which shows without a model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from kinetics.errors import Faults, UnitError
from kinetics.files.tables import PlacedRow
from kinetics.published.row import PublishedRow
from kinetics.units import parse_unit


def check_units(rows: Iterable[PlacedRow[PublishedRow]], faults: Faults) -> None:
    """Note rows of one table, kind and output in units that contradict each other; no model tells which is wrong."""
    groups: dict[tuple[str, str, str | None, bool], list[tuple[PlacedRow[PublishedRow], Any]]] = defaultdict(list)
    for placed in rows:
        with suppress(UnitError):  # reported where the row meets a model
            unit = parse_unit(placed.row.unit)
            row = placed.row
            groups[row.kind, row.output, row.over, row.statistic == "covariance"].append((placed, unit))
    for group in groups.values():
        # what most rows are in is taken for right
        common = Counter(str(unit.dimensionality) for _, unit in group).most_common(1)[0][0]
        other = next(placed for placed, unit in group if str(unit.dimensionality) == common)
        for placed, unit in group:
            if str(unit.dimensionality) != common:
                row = placed.row
                message = f"unit '{row.unit}' contradicts '{other.row.unit}' of {other.row.name} at {other.where}"
                faults.add(f"{message}: both are a {row.kind} of {row.output}", placed.where, f"{row.name}.unit")
