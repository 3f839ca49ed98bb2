"""The population of a clinic as text: typical values, how patients differ, errors, likelihoods, and what to know."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kinetics.text.escaping import one_space
from kinetics.text.numbers import count_text, interval_text, number_text, percent_text
from kinetics.text.tables import WIDTH, Table, headline, page_text

Rows = Mapping[str, Mapping[str, Any]]
OBJECTIVES = {
    "objective": "{method}",
    "objective_nonmem": "{method}, as NONMEM states it",
    "importance_sampling": "importance sampling",
    "linearisation": "linearisation",
    "AIC": "AIC",
    "BIC": "BIC",
}

STANDARD_ERRORS = {
    "linearised": "Standard errors are linearised",
    "stochastic_approximation": "Standard errors are by stochastic approximation",
}


def clinic_text(summary: Mapping[str, Any], title: str, about: str, width: int = WIDTH) -> str:
    """Everything that a fit of a clinic says, in the order in which it is read."""
    parts: list[str | Table] = [
        headline(summary["clinic"], title, ""),
        one_space(about),
        clinic_sentence(summary),
        *population_tables(summary),
        *diagnostic_tables(summary),
        *(f"Note: {warning}." for warning in summary["warnings"]),
    ]
    return page_text(parts, width)


def population_tables(summary: Mapping[str, Any]) -> list[str | Table]:
    """Typical values, coefficients of covariates, and how patients and occasions differ, as far as they do."""
    rows: Rows = summary["population"]
    shrinkage = summary["shrinkage"]
    between = _between(rows, "Differences between patients", "", shrinkage["random_effects"])
    of_occasions = "Differences between the occasions of a patient"
    tables = (
        _values("Typical values; 95 % intervals", rows, "typical"),
        _values("Covariates: coefficients on the normal scale of the parameter", rows, "coefficient"),
        between,
        _between(rows, of_occasions, "occasion_", shrinkage["occasion_effects"]),
    )
    without = [] if between.rows else [f"{between.title}: none."]
    return [*(table for table in tables if table.rows), *without]


def diagnostic_tables(summary: Mapping[str, Any]) -> list[Table]:
    """Errors of measurement and likelihoods."""
    return [_errors(summary["population"], summary["errors"], summary["shrinkage"]["residuals"]), _objectives(summary)]


def clinic_sentence(summary: Mapping[str, Any]) -> str:
    """How many patients and counts there are, and by which method the population was estimated."""
    counts, censored = summary["counts"], summary["censored"]
    beyond = f", {censored} of them beyond a limit of quantification" if censored else ""
    prior = summary["prior_patients"]
    under = f"; the prior is that of {summary['cohort'] or 'the model'}, as {prior:g} patients" if prior else ""
    patients = count_text(summary["patients"], "patient")
    by = f"By {summary['method']}: {summary['message']}{under}"
    return f"{patients}, {count_text(counts, 'count')}{beyond}. {by}. {STANDARD_ERRORS[summary['standard_errors']]}."


def _of_kind(rows: Rows, *kinds: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, row) for name, row in rows.items() if row["kind"] in kinds)


def _values(title: str, rows: Rows, kind: str) -> Table:
    head = ["parameter", "unit", "estimate", "standard error", "relative", "interval"]
    return Table(title, head, [[name, *_cells(row)] for name, row in _of_kind(rows, kind)], text=(0, 1, 5))


def _cells(row: Mapping[str, Any]) -> list[str]:
    unit = row["unit"]
    if row["held"]:
        return [unit, number_text(row["value"]), "held", "-", "-"]
    relative = percent_text(row["se"] / abs(row["value"])) if row["value"] else "-"
    interval = interval_text(row["lower"], row["upper"]) if math.isfinite(row["upper"]) else "-"
    return [unit, number_text(row["value"]), number_text(row["se"]), relative, interval]


def _between(rows: Rows, title: str, of: str, shrinkage: Mapping[str, float]) -> Table:
    """Variances and covariances, ``of`` occasions or not, each beside the standard deviation or correlation it says."""
    head = ["value", "estimate", "standard error", "relative", "SD or correlation", "shrinkage"]
    lines: list[Sequence[str]] = []
    for name, row in _of_kind(rows, f"{of}variance", f"{of}covariance"):
        value, _, effects = name.removesuffix(")").partition("(")
        first, _, second = effects.partition(",")
        if first == second:
            said, shrunk = math.sqrt(row["value"]), percent_text(shrinkage[first])
        else:
            variances = (rows[f"{value}({one},{one})"]["value"] for one in (first, second))
            said, shrunk = row["value"] / math.sqrt(math.prod(variances)), ""
        _, *cells = _cells(row)
        lines.append([name, *cells[:3], number_text(said), shrunk])
    return Table(title, head, lines)


def _errors(rows: Rows, kinds: Mapping[str, str], shrinkage: Mapping[str, float]) -> Table:
    head = ["value", "kind", "unit", "estimate", "standard error", "relative", "shrinkage"]
    lines = [
        [name, kinds[output := name.rpartition(":")[0]], *_cells(row)[:4], percent_text(shrinkage[output])]
        for name, row in _of_kind(rows, "residual")
    ]
    return Table("Errors of measurement", head, lines, text=(0, 1, 2))


def _objectives(summary: Mapping[str, Any]) -> Table:
    found = summary["objectives"]
    lines: list[Sequence[str]] = []
    for name, label in OBJECTIVES.items():
        value = found.get(name)
        if value is not None and math.isfinite(value):
            error = f"standard error {number_text(found[f'{name}_error'])}" if f"{name}_error" in found else ""
            lines.append([label.format(method=summary["method"]), f"{value:.3f}", error])
    return Table("Minus twice the log likelihood", ["by", "value", ""], lines, text=(0, 2))
