"""The fit of a PEtab problem as text: estimates with their intervals, how well it fits, and what to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinetics.text.numbers import count_text, interval_text, number_text
from kinetics.text.tables import WIDTH, Table, page_text


def petab_text(summary: Mapping[str, Any], width: int = WIDTH) -> str:
    """Everything the fit of a PEtab problem says: its summary in the order in which it is read."""
    cells = [
        [name, number_text(row["value"]), interval_text(row["lower"], row["upper"])]
        for name, row in summary["estimates"].items()
    ]
    searches = count_text(summary["searches"], "search").replace("searchs", "searches")
    facts = [
        f"log-likelihood {summary['log_likelihood']:.6g}",
        f"chi2 {summary['chi2']:.6g} of {count_text(summary['measurements'], 'measurement')}",
        f"{summary['searches_that_agree']} of {searches} ended as high",
    ]
    if summary["log_prior"]:
        facts.insert(1, f"logarithm of the prior {summary['log_prior']:.6g}")
    parts: list[str | Table] = [
        f"{summary['problem']}: PEtab {summary['petab_version']}",
        Table("Estimates", ["parameter", "estimate", "95 % interval"], cells, (0, 2)),
        ", ".join(facts),
        *(f"Note: {warning}." for warning in summary["warnings"]),
    ]
    return page_text(parts, width)
