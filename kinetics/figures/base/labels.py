"""Published rows, regimens, units and numbers in words, for the lines and legends of figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kinetics.files.bibliography import CHOICE, find_source
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen
from kinetics.units import conversion, display_unit, parse_unit, unit_text

_STATISTICS = {
    "mean": "mean",
    "median": "median",
    "geometric_mean": "geometric mean",
    "survival_median": "median of survival analysis",
    "share": "share of patients",
    "covariance": "covariance",
    "range": "range",
    "unstated": "value (statistic not stated)",
}
"""Of a published row, in the words of a legend."""
_INTERVALS = {"confidence": "95 % interval", "quartiles": "quartiles", "extremes": "extremes"}
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


def patients_text(cohort: object, patients: str = "typical patient") -> str:
    """Whose course is drawn."""
    return f"{patients}, cohort {cohort}" if cohort else patients


def source_text(key: str, folder: Path) -> str:
    """A source in short, by its key in the bibliography."""
    source = find_source(key, folder)
    return source.short if source else key


def published_text(rows: Iterable[PublishedRow], bars: str, folder: Path, kinds: Mapping[str, str]) -> str:
    """What published points of one kind and one source are: kind, statistics with their bars, source.

    ``bars`` is "sd" or "se", the bar of a mean with a published standard deviation; ``kinds`` says what is said of
    each kind, with a place for ``{statistics}``; the bibliography is looked for in ``folder`` first.
    """
    rows = list(rows)
    statistics = dict.fromkeys(_STATISTICS[row.statistic] + _bar_text(row, bars) for row in rows)
    text = kinds[rows[0].kind].format(statistics="; ".join(statistics))
    if rows[0].source == CHOICE:
        return f"chosen, not published: {text}"
    return f"published: {text} ({source_text(rows[0].source, folder)})"


def _bar_text(row: PublishedRow, bars: str) -> str:
    if row.is_range:
        return ""
    if row.lower is not None and row.upper is not None:
        return f" and {_INTERVALS[row.interval]}"
    return f" ± {bars.upper()}" if row.sd is not None and row.kind != "time_to_threshold" else ""


def courses_text(regimen: Regimen, time: str) -> str:
    """What was given when, in words; ``time`` is the unit of time to write.

    Examples
    --------
    >>> from kinetics.regimen import Course
    >>> courses_text(Course.of("drug_a", "12 mg", every="1 day", count=3).repeat(2, every="12 month"), "month")
    'course of drug_a: 36 mg at month 0, 12'
    """
    factor = float(conversion(parse_unit("day"), parse_unit(time)))
    starts: dict[str, dict[str, list[str]]] = {}
    for course in regimen.courses:
        start = f"{round(course.start.magnitude * factor, 2):g}"
        for drug in dict.fromkeys(dose.drug for dose in course.doses):
            amounts = [dose.amount for dose in course.doses if dose.drug == drug]
            total: Any = sum(amounts[1:], amounts[0])
            amount = f"{total.magnitude:g} {unit_text(total.units)}".removesuffix(" 1")
            starts.setdefault(drug, {}).setdefault(amount, []).append(start)
    return "; ".join(
        f"course of {drug}: " + ", ".join(f"{amount} at {time} {', '.join(times)}" for amount, times in amounts.items())
        for drug, amounts in starts.items()
    )


def regimen_text(regimen: Regimen, time: str) -> str:
    """Courses and rules of a regimen, in words."""
    return "; ".join([courses_text(regimen, time), *map(str, regimen.rules)])
