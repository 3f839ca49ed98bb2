"""Published rows, units and numbers in words, for the lines and legends of figures."""

from __future__ import annotations

from kinetics.published import PublishedRow
from kinetics.units import display_unit, parse_unit

__all__ = ["STATISTICS", "row_label", "short_number", "unit_label"]

STATISTICS = {
    "mean": "mean",
    "median": "median",
    "geometric_mean": "geometric mean",
    "survival_median": "median of survival analysis",
    "share": "share of patients",
    "range": "range",
    "unstated": "value (statistic not stated)",
}
"""Of a published row, in the words of a legend."""
_SHORT = {
    "survival_median": "median",
    "geometric_mean": "geom. mean",
    "unstated": "not stated",
    "share": "share",
}
_WHAT = {
    "count": "{output}",
    "percent_of_baseline": "{output} of baseline",
    "ratio": "{output}/{over}",
    "time_to_threshold": "{output} back at {level}",
    "share_below": "{output} below {level}",
    "share_above": "{output} above {level}",
    "share_recovered": "{output} back at {level}",
}


def row_label(row: PublishedRow, statistic: str = "") -> str:
    """A published row in a few words, with another ``statistic`` than its own, such as "SD", if one is given.

    Examples
    --------
    >>> columns = {"name": "a", "use": "fit", "regimen": "r", "cohort": "c", "source": "choice", "unit": "month"}
    >>> row = {"kind": "time_to_threshold", "statistic": "survival_median", "output": "N", "level": "0.4 mg/L"}
    >>> row_label(PublishedRow(**columns, **row, value=3))
    'N back at 0.4 mg/L, median'
    """
    what = _WHAT[row.kind].format(output=row.output, over=row.over, level=row.level)
    when = f", {row.time}" if row.time else ", ever" if row.kind == "share_recovered" else ""
    return f"{what}{when}, {statistic or _SHORT.get(row.statistic, row.statistic)}"


def unit_label(unit: str) -> str:
    """A unit as axes and columns have it: percent as %, counts as 1e9/L, a plain number as nothing.

    Examples
    --------
    >>> unit_label("percent"), unit_label("cells/nL"), unit_label("1")
    ('%', '1e9/L', '')
    """
    parsed = parse_unit(unit)
    return "%" if parsed == parse_unit("percent") else display_unit(parsed)


def short_number(value: float) -> str:
    """Three digits, without an exponent where one can do without.

    Examples
    --------
    >>> short_number(0.04213), short_number(104.6), short_number(1234.5), short_number(0.0)
    ('0.0421', '105', '1230', '0')
    """
    if value == 0 or not 1e-4 <= abs(value) < 1e5:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):.10g}"
