"""A fit as text: published against fitted, the estimates, whether they are those committed, and what to know."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from kinetics.cohorts.fit_results import BETWEEN_STUDIES
from kinetics.text.numbers import interval_text, number_text, percent_text
from kinetics.text.tables import WIDTH, paragraph, prose_table, table
from kinetics.units import display_unit, parse_unit, written_unit

_TYPICAL_HEAD = "Published against fitted; 95 % intervals in brackets"
_POPULATION_HEAD = (
    "Published against the simulated population; 95 % intervals in brackets, and where the number of 95 % of studies "
    "of the same size would lie"
)
_STUDIES_HEAD = (
    "Published against the typical study; 95 % intervals in brackets, and where the number of 95 % of studies of the "
    "same size would lie"
)
_METHODS = ("covariance", "profile", "posterior")
_USES = {"fit": "fitted", "calibrate": "sets a constant, not fitted", "validate": "compared, not fitted"}


def fit_text(summary: Mapping[str, Any], title: str, about: str, width: int = WIDTH) -> str:
    """Everything a fit says, in the order in which it is read: its summary, under title and about of its problem."""
    facts: list[str] = []
    if math.isfinite(summary["rms_log_error"]):
        facts.append(f"rms log error of the fitted rows {number_text(summary['rms_log_error'])}")
    if summary["minus_2_log_likelihood"] is not None:
        facts.append(f"minus twice the log likelihood {summary['minus_2_log_likelihood']:.2f}")
    if math.isfinite(summary["condition_number"]):
        facts.append(f"condition number {number_text(summary['condition_number'])}")
    parts = [
        f"{summary['fit']}: {title}",
        paragraph(about, width) if about else "",
        paragraph(_head(summary), width) + "\n" + targets_table(summary["targets"]),
        "Estimates\n" + estimates_table(summary["estimates"], width),
        _studies_text(summary.get("studies", {})),
        _intervals_text(summary, width),
        ", ".join(facts),
    ]
    parts += [paragraph(f"Note: {warning}.", width) for warning in summary["warnings"]]
    return "\n\n".join(filter(None, parts))


def _head(summary: Mapping[str, Any]) -> str:
    """What the rows are set beside."""
    if any(name.endswith(BETWEEN_STUDIES) for name in summary["estimates"]):
        return _STUDIES_HEAD
    return _POPULATION_HEAD if any("inside" in row for row in summary["targets"]) else _TYPICAL_HEAD


def targets_table(targets: Iterable[Mapping[str, Any]]) -> str:
    """Published and fitted values, under their use and source; rows for fitting first."""
    order = list(_USES)
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
    first, *lines = table(head, cells, text=(0, 1, 2, 3, *((6, 7) if population else ()))).splitlines()
    text, group = [first], None
    for row, line in zip(rows, lines, strict=True):
        if group != (group := (row["use"], row["source"])):
            text.append(f"{_USES[row['use']]}, {row['source']}:")
        text.append(line)
    return "\n".join(text)


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


def estimates_table(estimates: Mapping[str, Mapping[str, Any]], width: int = WIDTH) -> str:
    """Estimates with their standard errors and what the data say of each."""
    cells = [[*_estimate(name, row), number_text(row["se"]), row["verdict"]] for name, row in estimates.items()]
    return prose_table(["parameter", "unit", "estimate", "standard error", "verdict"], cells, width, text=(0, 1))


def _estimate(name: str, row: Mapping[str, Any]) -> list[str]:
    return [name, written_unit(parse_unit(row["unit"])), number_text(row["value"])]


def _studies_text(parameters: Mapping[str, Mapping[str, Any]]) -> str:
    """What each study says by itself of the parameters that differ between studies; empty if none does."""
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
    if not cells:
        return ""
    head = ["parameter", "unit", "study", "by itself", "95 % interval", "weight"]
    between = ", ".join(f"{name}: {percent_text(row['i_squared'])}" for name, row in parameters.items())
    lines = table(head, cells, text=(0, 1, 2, 4))
    return f"Studies\n{lines}\n\nshare of the variance that is between studies (I squared): {between}"


def _intervals_text(summary: Mapping[str, Any], width: int = WIDTH) -> str:
    """A table with what each profile says of its parameter, and a line on the sampler; empty without either."""
    rows = {name: row for name, row in summary["estimates"].items() if "intervals" in row}
    if not rows:
        return ""
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
    text = "95 % intervals\n" + table(head, cells, text=(0, 1, *range(3, len(head))))
    return "\n\n".join(filter(None, (text, _sampling(summary.get("posterior"), width))))


def _open_interval(row: Mapping[str, Any] | None) -> str:
    """The ends; an open one is left out."""
    if row is None:
        return "-"
    lower, upper = row["lower"], row["upper"]
    if lower is None:
        return "open" if upper is None else f"up to {number_text(upper)}"
    return f"{number_text(lower)} or more" if upper is None else interval_text(lower, upper)


def _sampling(facts: Mapping[str, Any] | None, width: int) -> str:
    if facts is None:
        return ""
    draws = f"posterior: {facts['draws']} draws of {facts['walkers']} walkers"
    steps = f"{percent_text(facts['acceptance'])} of steps accepted"
    time, size = number_text(facts["autocorrelation_time"]), facts["effective_sample_size"]
    return paragraph(f"{draws}, {steps}, autocorrelation time {time} steps, effective sample size {size:.0f}", width)


def fit_json(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary with ``censored`` on every target: true if the model does not reach the threshold again."""
    targets = [{**row, "censored": math.isinf(row["fitted"])} for row in summary["targets"]]
    return {**summary, "targets": targets}
