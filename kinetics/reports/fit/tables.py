"""A fit as tables: published against fitted, the estimates, what studies say, intervals by each method."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from kinetics.text.numbers import interval_text, number_text, percent_text
from kinetics.text.tables import Table
from kinetics.units import display_unit, parse_unit, written_unit

_METHODS = ("covariance", "profile", "posterior")
USES = {"fit": "fitted", "calibrate": "sets a constant, not fitted", "validate": "compared, not fitted"}


def targets_table(targets: Iterable[Mapping[str, Any]], title: str = "") -> Table:
    """Published and fitted values, under their use and source; rows for fitting first."""
    order = list(USES)
    rows = [line for row in sorted(targets, key=lambda row: order.index(row["use"])) for line in _lines(row)]
    population = any("inside" in row for row in rows)
    head = ["row", "unit", "published", "statistic", "n", "model"]
    head += ["95 % of studies", ""] if population else ["ratio"]
    cells = [
        [
            row["name"],
            display_unit(parse_unit(row["unit"])),
            _published(row),
            row["statistic"].replace("_", " "),
            "-" if row["n"] is None else str(row["n"]),
            _fitted(row["fitted"], shares=population),
            *(_verdict(row) if population else [_ratio(row)]),
        ]
        for row in rows
    ]
    text = (0, 1, 2, 3, *((6, 7) if population else ()))
    return Table(title, head, cells, text, groups=[f"{USES[row['use']]}, {row['source']}:" for row in rows])


def _lines(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A row, and one of its standard deviation where a population has one."""
    if "sd_fitted" not in row:
        return [row]
    spread = {
        "name": f"  {row['name']}",
        "published": row["sd"],
        "interval": None,
        "statistic": "standard deviation",
        "fitted": row["sd_fitted"],
        "model_interval": row["sd_interval"],
        "inside": row["sd_inside"],
    }
    return [row, {**row, **spread}]


def _verdict(row: Mapping[str, Any]) -> list[str]:
    """Where a study of this size lies, and whether that published does."""
    ends = "-" if row["model_interval"] is None else interval_text(*row["model_interval"])
    return [ends, {True: "inside", False: "OUTSIDE", None: "no n"}[row["inside"]]]


def _published(row: Mapping[str, Any]) -> str:
    """The value as it was published, with its interval."""
    if isinstance(row["published"], list):
        return "{:g} to {:g}".format(*row["published"])
    interval = " [{:g}, {:g}]".format(*row["interval"]) if row["interval"] else ""
    relation = f"{row['relation']} " if row.get("relation") else ""
    return f"{relation}{row['published']:g}{interval}"


def _fitted(value: float, *, shares: bool = False) -> str:
    if math.isnan(value):
        return "never below"
    if math.isinf(value):
        return "too few recover" if shares else "not reached"
    return number_text(value)


def _ratio(row: Mapping[str, Any]) -> str:
    """Fitted over published; for a range whether the value lies in it."""
    value, published = row["fitted"], row["published"]
    if not math.isfinite(value):
        return "-"
    if isinstance(published, list):
        return "inside" if published[0] <= value <= published[1] else "outside"
    return number_text(value / published) if published else "-"


def estimates_table(estimates: Mapping[str, Mapping[str, Any]], title: str = "Estimates") -> Table:
    """Estimates with their standard errors and what the data say of each."""
    cells = [[*_estimate(name, row), number_text(row["se"]), row["verdict"]] for name, row in estimates.items()]
    return Table(title, ["parameter", "unit", "estimate", "standard error", "verdict"], cells, (0, 1, 4), prose=True)


def _estimate(name: str, row: Mapping[str, Any]) -> list[str]:
    return [name, written_unit(parse_unit(row["unit"])), number_text(row["value"])]


def studies_table(parameters: Mapping[str, Mapping[str, Any]]) -> Table:
    """What each study says by itself of the parameters that differ between studies; no row if none does."""
    cells = [
        [
            *(name, display_unit(parse_unit(row["unit"])) or "1", study),
            number_text(own["estimate"]) if own["weight"] else "-",
            interval_text(own["lower"], own["upper"]) if own["weight"] else "-",
            percent_text(own["weight"]),
        ]
        for name, row in parameters.items()
        for study, own in row["studies"].items()
    ]
    head = ["parameter", "unit", "study", "by itself", "95 % interval", "weight"]
    between = ", ".join(f"{name}: {percent_text(row['i_squared'])}" for name, row in parameters.items())
    note = f"share of the variance that is between studies (I squared): {between}"
    return Table("Studies", head, cells, (0, 1, 2, 4), note)


def intervals_table(estimates: Mapping[str, Mapping[str, Any]]) -> Table:
    """The intervals of each parameter by each method, and what its profile says; no row without intervals."""
    rows = {name: row for name, row in estimates.items() if "intervals" in row}
    methods = [method for method in _METHODS if any(method in row["intervals"] for row in rows.values())]
    head = ["parameter", "unit", "estimate", *(f"by {method}" for method in methods)]
    cells = [
        [*_estimate(name, row), *(_open_interval(row["intervals"].get(method)) for method in methods)]
        for name, row in rows.items()
    ]
    if "profile" in methods:
        head.append("the profile says")
        for line, row in zip(cells, rows.values(), strict=True):
            line.append(row["intervals"].get("profile", {}).get("verdict", "-"))
    return Table("95 % intervals", head, cells, (0, 1, *range(3, len(head))))


def _open_interval(row: Mapping[str, Any] | None) -> str:
    """The ends; an open one is left out."""
    if row is None:
        return "-"
    lower, upper = row["lower"], row["upper"]
    if lower is None:
        return "open" if upper is None else f"up to {number_text(upper)}"
    return f"{number_text(lower)} or more" if upper is None else interval_text(lower, upper)
