"""The population of a clinic as text: typical values, how patients differ, errors, likelihoods, and what to know."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kinetics.text.numbers import count_text, interval_text, number_text, percent_text
from kinetics.text.tables import WIDTH, headline, paragraph, table

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
    rows: Rows = summary["population"]
    parts = [
        headline(summary["clinic"], title, ""),
        paragraph(about, width) if about else "",
        paragraph(_what(summary), width),
        "Typical values; 95 % intervals\n" + _values(rows, "typical"),
        _section("Covariates: coefficients on the normal scale of the parameter", rows, "coefficient"),
        "Differences between patients\n" + _between(rows, summary["shrinkage"]["random_effects"]),
        _between_occasions(rows, summary["shrinkage"]["occasion_effects"]),
        "Errors of measurement\n" + _errors(rows, summary["errors"], summary["shrinkage"]["residuals"]),
        "Minus twice the log likelihood\n" + _objectives(summary),
    ]
    parts += [paragraph(f"Note: {warning}.", width) for warning in summary["warnings"]]
    return "\n\n".join(filter(None, parts))


def _what(summary: Mapping[str, Any]) -> str:
    counts, censored = summary["counts"], summary["censored"]
    beyond = f", {censored} of them beyond a limit of quantification" if censored else ""
    prior = summary["prior_patients"]
    under = f"; the prior is that of {summary['cohort'] or 'the model'}, as {prior:g} patients" if prior else ""
    patients = count_text(summary["patients"], "patient")
    by = f"By {summary['method']}: {summary['message']}{under}"
    return f"{patients}, {count_text(counts, 'count')}{beyond}. {by}. {STANDARD_ERRORS[summary['standard_errors']]}."


def _of_kind(rows: Rows, *kinds: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, row) for name, row in rows.items() if row["kind"] in kinds)


def _section(title: str, rows: Rows, kind: str) -> str:
    return f"{title}\n{_values(rows, kind)}" if any(_of_kind(rows, kind)) else ""


def _values(rows: Rows, kind: str) -> str:
    head = ["parameter", "unit", "estimate", "standard error", "relative", "interval"]
    return table(head, [[name, *_cells(row)] for name, row in _of_kind(rows, kind)], text=(0, 1, 5))


def _cells(row: Mapping[str, Any]) -> list[str]:
    unit = row["unit"]
    if row["held"]:
        return [unit, number_text(row["value"]), "held", "-", "-"]
    relative = percent_text(row["se"] / abs(row["value"])) if row["value"] else "-"
    interval = interval_text(row["lower"], row["upper"]) if math.isfinite(row["upper"]) else "-"
    return [unit, number_text(row["value"]), number_text(row["se"]), relative, interval]


def _between(rows: Rows, shrinkage: Mapping[str, float]) -> str:
    """Variances and covariances, each beside the standard deviation or correlation that it says."""
    head = ["value", "estimate", "standard error", "relative", "SD or correlation", "shrinkage"]
    lines: list[Sequence[str]] = []
    for name, row in _of_kind(rows, "variance", "covariance"):
        first, _, second = name.removeprefix("var(").removesuffix(")").partition(",")
        if row["kind"] == "variance":
            said, shrunk = math.sqrt(row["value"]), percent_text(shrinkage[first])
        else:
            variances = (rows[f"var({one},{one})"]["value"] for one in (first, second))
            said, shrunk = row["value"] / math.sqrt(math.prod(variances)), ""
        _, *cells = _cells(row)
        lines.append([name, *cells[:3], number_text(said), shrunk])
    return table(head, lines, text=(0,)) if lines else "none"


def _between_occasions(rows: Rows, shrinkage: Mapping[str, float]) -> str:
    """Variances between the occasions of a patient, with the standard deviation of each; empty without any."""
    head = ["value", "estimate", "standard error", "relative", "SD", "shrinkage"]
    lines = [
        [name, *_cells(row)[1:4], number_text(math.sqrt(row["value"])), percent_text(shrunk)]
        for (name, row), shrunk in zip(_of_kind(rows, "occasion_variance"), shrinkage.values(), strict=True)
    ]
    return "Differences between the occasions of a patient\n" + table(head, lines, text=(0,)) if lines else ""


def _errors(rows: Rows, kinds: Mapping[str, str], shrinkage: Mapping[str, float]) -> str:
    head = ["value", "kind", "unit", "estimate", "standard error", "relative", "shrinkage"]
    lines = [
        [name, kinds[output := name.rpartition(":")[0]], *_cells(row)[:4], percent_text(shrinkage[output])]
        for name, row in _of_kind(rows, "residual")
    ]
    return table(head, lines, text=(0, 1, 2))


def _objectives(summary: Mapping[str, Any]) -> str:
    found = summary["objectives"]
    lines: list[Sequence[str]] = []
    for name, label in OBJECTIVES.items():
        value = found.get(name)
        if value is not None and math.isfinite(value):
            error = f"standard error {number_text(found[f'{name}_error'])}" if f"{name}_error" in found else ""
            lines.append([label.format(method=summary["method"]), f"{value:.3f}", error])
    return table(["by", "value", ""], lines, text=(0, 2))
