"""The page of the coverage, docs/coverage.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

HEAD = """# How often do intervals hold the truth?

`make coverage` writes this page. It simulates studies as a clinic does them, in plain numpy that
shares no code with the package ([clinic.py](../tests/coverage/clinic.py)): patients, measurements
with noise, visits that are scheduled by the month and take place on a whole day within a window,
and the summary that a paper prints. Each interval is nominally one of 95 %. {studies} studies a
row; the standard error of a coverage of 95 % is {error:.1f} points. A smaller version runs with the tests.

## Likelihoods of published numbers

*Parameter*: the share of studies whose likelihood-ratio interval (1.92 of the log-likelihood below
its maximum) of one parameter holds the truth; the column *of* names the parameter: the median count
at rest, its spread between patients, or the time constant of recovery. *Printed*: the share of
studies whose number is in the interval that a fit prints beside the model's number.

A fit needs enough virtual patients. Here SDs and extremes that tell a spread have 4096, recoveries
1024, all others 256. With 256, the tail of the population is missing from the variance of an SD,
and 95 % become 91 %.

A range is no statement about sampling: its likelihood is flat inside, and its interval is wider
than 95 % by the width of the range. Shares of n patients have n + 1 values, so that their coverage
is not exactly 95 %. A rounded number counts as inside if a number that rounds to it is.

| published | n | of | parameter | printed |
|---|---|---|---|---|
"""
BAR = (0.93, 0.97)
"""What an interval of 95 % should hold, and the error of 1000 studies."""
PREDICTED = """
## Predictions of a future study

`kinetics predict --study {n}`, from estimates whose errors are known. Parameters, patients, visits
and noise of every simulated study are new.

| number | n | inside |
|---|---|---|
"""


def page(rows: Sequence[dict[str, Any]]) -> str:
    """The page of all cases, in Markdown."""
    studies = min(row["studies"] for row in rows)
    lines = [HEAD.format(studies=studies, error=100 * math.sqrt(0.95 * 0.05 / studies))]
    of_fits, predicted = ([row for row in rows if (row["by"] == "prediction") is which] for which in (False, True))
    for row in of_fits:
        cells = [row["case"], str(row["n"]), f"`{row['by']}`", _percent(row["parameter"]), _percent(row["printed"])]
        lines.append(f"| {' | '.join(cells)} |\n")
    if predicted:
        lines.append(PREDICTED.format(n=predicted[0]["n"]))
        lines += [f"| {row['case']} | {row['n']} | {_percent(row['printed'])} |\n" for row in predicted]
    return "".join([*lines, _outside(rows)])


def _outside(rows: Sequence[dict[str, Any]]) -> str:
    """A list of the coverages outside `BAR`."""
    found = [
        f"- {row['case']}, {'prediction' if row['by'] == 'prediction' else name}: {_percent(row[name])}\n"
        for row in rows
        for name in ("parameter", "printed")
        if not math.isnan(row.get(name, math.nan)) and not BAR[0] <= round(row[name], 3) <= BAR[1]
    ]
    text = "".join(found) or "None.\n"
    return f"\n## Outside {100 * BAR[0]:.0f} to {100 * BAR[1]:.0f} %\n\n{text}"


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"
