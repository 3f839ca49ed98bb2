"""The 95 % intervals of estimates side by side: by covariance, by profile, by posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinetics.text.numbers import interval_text, number_text, percent_text
from kinetics.text.tables import WIDTH, paragraph, table
from kinetics.units import display_unit, parse_unit

__all__ = ["intervals_text"]

_METHODS = ("covariance", "profile", "posterior")


def intervals_text(summary: Mapping[str, Any], width: int = WIDTH) -> str:
    """A table with what each profile says of its parameter, and a line on the sampler; empty without either."""
    rows = {name: row for name, row in summary["estimates"].items() if "intervals" in row}
    if not rows:
        return ""
    methods = [method for method in _METHODS if any(method in row["intervals"] for row in rows.values())]
    head = ["parameter", "unit", "estimate", *(f"by {method}" for method in methods)]
    cells = [
        [name, unit, number_text(row["value"]), *(_interval(row["intervals"].get(method)) for method in methods)]
        for name, row in rows.items()
        for unit in [display_unit(parse_unit(row["unit"])) or "1"]
    ]
    if "profile" in methods:
        head.append("the profile says")
        for line, row in zip(cells, rows.values(), strict=True):
            line.append(row["intervals"].get("profile", {}).get("verdict", "-"))
    text = "95 % intervals\n" + table(head, cells, text=(0, 1, *range(3, len(head))))
    return "\n\n".join(filter(None, (text, _sampling(summary.get("posterior"), width))))


def _interval(row: Mapping[str, Any] | None) -> str:
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
