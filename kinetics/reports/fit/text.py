"""A fit as text: published against fitted, the estimates, whether they are those committed, and what to know."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kinetics.cohorts.fit_results import BETWEEN_STUDIES
from kinetics.reports.fit.tables import estimates_table, intervals_table, studies_table, targets_table
from kinetics.text.escaping import one_space
from kinetics.text.numbers import number_text, percent_text
from kinetics.text.tables import WIDTH, Table, page_text

_TYPICAL_HEAD = "Published against fitted; 95 % intervals in brackets"
_POPULATION_HEAD = (
    "Published against the simulated population; 95 % intervals in brackets, and where the number of 95 % of studies "
    "of the same size would lie"
)
_STUDIES_HEAD = (
    "Published against the typical study; 95 % intervals in brackets, and where the number of 95 % of studies of the "
    "same size would lie"
)


def fit_text(summary: Mapping[str, Any], title: str, about: str, width: int = WIDTH) -> str:
    """Everything a fit says, in the order in which it is read: its summary, under title and about of its problem."""
    parts: list[str | Table] = [
        f"{summary['fit']}: {title}",
        one_space(about),
        targets_table(summary["targets"], targets_title(summary)),
        estimates_table(summary["estimates"]),
        *interval_parts(summary),
        ", ".join(agreement_facts(summary)),
        *(f"Note: {warning}." for warning in summary["warnings"]),
    ]
    return page_text(parts, width)


def interval_parts(summary: Mapping[str, Any]) -> list[str | Table]:
    """What studies say by themselves, and intervals by further methods, as far as there are any."""
    tables = (studies_table(summary.get("studies", {})), intervals_table(summary["estimates"]))
    return [*(table for table in tables if table.rows), _sampling(summary.get("posterior"))]


def agreement_facts(summary: Mapping[str, Any]) -> list[str]:
    """How well the fitted rows are met, and how well the search is conditioned."""
    facts: list[str] = []
    if math.isfinite(summary["rms_log_error"]):
        facts.append(f"rms log error of the fitted rows {number_text(summary['rms_log_error'])}")
    if summary["minus_2_log_likelihood"] is not None:
        facts.append(f"minus twice the log likelihood {summary['minus_2_log_likelihood']:.2f}")
    if math.isfinite(summary["condition_number"]):
        facts.append(f"condition number {number_text(summary['condition_number'])}")
    return facts


def targets_title(summary: Mapping[str, Any]) -> str:
    """What the rows are set beside."""
    if any(name.endswith(BETWEEN_STUDIES) for name in summary["estimates"]):
        return _STUDIES_HEAD
    return _POPULATION_HEAD if any("inside" in row for row in summary["targets"]) else _TYPICAL_HEAD


def _sampling(facts: Mapping[str, Any] | None) -> str:
    if facts is None:
        return ""
    draws = f"posterior: {facts['draws']} draws of {facts['walkers']} walkers"
    steps = f"{percent_text(facts['acceptance'])} of steps accepted"
    time, size = number_text(facts["autocorrelation_time"]), facts["effective_sample_size"]
    return f"{draws}, {steps}, autocorrelation time {time} steps, effective sample size {size:.0f}"


def fit_json(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary with ``censored`` on every target: true if the model does not reach the threshold again."""
    targets = [{**row, "censored": math.isinf(row["fitted"])} for row in summary["targets"]]
    return {**summary, "targets": targets}
