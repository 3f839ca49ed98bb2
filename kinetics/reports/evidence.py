"""Every published fact beside the model: as text, as Markdown, for a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from kinetics.files.bibliography import cited
from kinetics.published import NOT_COUNTED, Evaluated, EvidenceRow, Finding, Verdict
from kinetics.published.evaluating import NEVER_FITTED, agreement_counts
from kinetics.published.verdict import Group
from kinetics.results import marked
from kinetics.text.escaping import markdown_code, markdown_text
from kinetics.text.numbers import number_text
from kinetics.text.tables import paragraph, table
from kinetics.units import display_unit, parse_unit

_WORDS = {True: "yes", False: "no", None: ""}


def evidence_text(evaluated: Evaluated, width: int) -> str:
    """The counts, then every finding that is outside or against the published direction, then the others."""
    head = ("name", "published", "model", "unit", "inside if", "use")
    parts = ["\n".join(f"{label}: {count}" for label, count in agreement_counts(evaluated))]
    for title, outcomes in _sections(evaluated):
        if outcomes:
            rows = [
                [marked(each.row.name, each.exploratory), *(_COLUMNS[name](each) for name in head[1:])]
                for each in outcomes
            ]
            parts.append(f"{title}\n" + table(head, rows, text=(0, 3, 4, 5)))
    if unexplained := unexplained_rows(evaluated):
        parts.append(paragraph(f"Without a reason: {', '.join(unexplained)}", width))
    return "\n\n".join(parts)


def evidence_markdown(evaluated: Evaluated, source: str) -> str:
    """The same as a page: counts, then one table a section, with statement, reason and source of each row.

    ``source`` is the file the facts are read from.
    """
    never = evaluated.agreement_count()
    lines = [
        "# Evidence",
        "",
        f"**Of the {NEVER_FITTED}, {never.inside} of {never.total} are inside.**",
        "",
        paragraph(
            f"Every published fact of {markdown_code(source)} beside the model, written by `kinetics evidence --out`. "
            "One quantity of one study is a finding and counts once, whatever its rows; it is inside if all of them "
            "are. A row is inside if the model's number lies in the published interval, or the published number where "
            "95 % of studies of its n would find it by the model, half a step of rounding included. Without an "
            "interval and without n nobody can say, and the finding counts as not inside. Rows that are no "
            "independent test are listed with the reason and not counted. "
            f"{evaluated.patients} virtual patients (seed {evaluated.seed}) stand for each cohort. "
            "`docs/formats/evidence.md` says how each kind of number is taken of them.",
            100,
        ),
        "",
        "| findings | inside, or as published |",
        "|---|---|",
        *(f"| {label} | {count} |" for label, count in agreement_counts(evaluated)),
    ]
    for title, outcomes in _sections(evaluated):
        if not outcomes:
            continue
        lines += ["", f"## {title}", ""]
        columns = _LESS.get(outcomes[0].group, _WHOLE)
        lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        lines += [_line(_COLUMNS[name](each) for name in columns) for each in outcomes]
    return "\n".join(lines) + "\n"


def evidence_json(evaluated: Evaluated) -> dict[str, Any]:
    """The same for a program: ``counts``, and every row under ``facts`` in the order of the file."""
    counts = {label: asdict(count) for label, count in agreement_counts(evaluated)}
    facts = [
        {
            "name": each.row.name,
            "finding": each.row.finding_name,
            "section": each.row.section,
            "mark": each.row.mark,
            "use": each.row.use,
            "group": each.group,
            "not_counted": each.not_counted,
            "kind": each.row.kind,
            "published": each.row.value,
            "lower": each.row.lower,
            "upper": each.row.upper,
            "rounding": each.row.rounding,
            "n": each.row.n,
            "relation": each.row.relation,
            "unit": each.row.unit,
            "model": each.model,
            "versus": each.versus,
            "studies": None if each.studies is None else list(each.studies),
            "agrees": each.agrees,
            "exploratory": each.exploratory,
            "source": each.row.source,
            "reason": each.row.reason,
        }
        for each in evaluated.verdicts
    ]
    return {"patients": evaluated.patients, "seed": evaluated.seed, "counts": counts, "facts": facts}


def unexplained_rows(evaluated: Evaluated) -> list[str]:
    """Names of the rows that disagree, are counted and give no reason."""
    counted = ("numeric", "direction")
    disagree = [each for each in evaluated.verdicts if each.group in counted and each.agrees is False]
    return [each.row.name for each in disagree if not each.row.reason]


def _sections(evaluated: Evaluated) -> list[tuple[str, Sequence[Verdict]]]:
    counted = [
        (title + (", used in a fit" if in_fit else ""), rows)
        for in_fit in (False, True)
        for group, titles in _TITLES.items()
        for agrees, title in titles.items()
        if (rows := _rows(evaluated.findings(group, in_fit=in_fit), agrees))
    ]
    return [
        *counted,
        ("Listed, not counted", evaluated.of("listed")),
        ("Inputs of the model", evaluated.of("input")),
        ("Not a matter of the model", evaluated.of("not_modelled")),
        ("Unverified, not counted", evaluated.of("unverified")),
    ]


_TITLES: dict[Group, dict[bool | None, str]] = {
    "numeric": {False: "Outside", None: "Without n and interval", True: "Inside"},
    "direction": {False: "Directions the model does not show", True: "Directions"},
}
"""Of findings, by group and by whether they agree."""


def _rows(findings: Iterable[Finding], agrees: bool | None) -> list[Verdict]:
    """The rows of those findings that agree, or do not."""
    return [row for finding in findings if finding.agrees is agrees for row in finding.verdicts]


def _published(outcome: Verdict) -> str:
    row = outcome.row
    if row.is_direction:
        return _direction(outcome)
    if row.kind == "not_modelled":
        return ""
    if row.value is None:
        return _interval(row)
    interval = "" if row.lower is None and row.upper is None else f" ({_interval(row)})"
    spread = "" if row.sd is None else f" (SD {row.sd:g})"
    return f"{row.value:g}{interval}{spread}"


def _interval(row: EvidenceRow) -> str:
    """The published interval, of which one end may be open."""
    if row.lower is None:
        return f"at most {row.upper:g}"
    return f"at least {row.lower:g}" if row.upper is None else f"{row.lower:g} to {row.upper:g}"


def _direction(outcome: Verdict) -> str:
    """What the model's number is to be above, below or about."""
    row = outcome.row
    if row.relation == "about":
        return _interval(row) if row.versus is None else f"{_interval(row)} times that of {row.versus}"
    if row.versus is None:
        return f"{row.relation} {row.value:g}"
    factor = "" if row.value in (None, 1) else f"{row.value:g} times "
    other = "" if outcome.versus is None else f"{number_text(outcome.versus)}, "
    return f"{row.relation} {factor}{other}that of {row.versus}"


def _unit(row: EvidenceRow) -> str:
    if row.unit is None or row.versus is not None:
        return ""
    unit = parse_unit(row.unit)
    return "%" if unit == parse_unit("percent") else display_unit(unit)


def _fact(outcome: Verdict) -> str:
    patients = "" if outcome.row.n is None else f" (n = {outcome.row.n})"
    return marked(f"{outcome.row.statement}{patients}", outcome.exploratory)


def _inside_if(outcome: Verdict) -> str:
    """Where the model's number, or with n the published one, has to lie."""
    row = outcome.row
    if row.is_direction or outcome.bounds is None:
        return ""
    if outcome.studies is not None:
        lower, upper = map(number_text, outcome.studies)
        text = f"95 % of studies: {lower} to {upper}"
        return text if row.rounding is None else f"{text}, rounded to {row.rounding:g}"
    if row.rounding is None or row.lower is not None or row.upper is not None:
        return "as published" if row.sd is None else "by SD and n"
    return f"rounded to {row.rounding:g}"


def _finding(outcome: Verdict) -> str:
    """The name of a finding of several rows."""
    return outcome.row.finding or ""


_COLUMNS: dict[str, Callable[[Verdict], str]] = {
    "fact": _fact,
    "published": _published,
    "model": lambda each: "" if each.model is None else number_text(each.model),
    "unit": lambda each: _unit(each.row),
    "inside if": _inside_if,
    "finding": _finding,
    "why": lambda each: NOT_COUNTED.get(each.not_counted or "", ""),
    "use": lambda each: each.row.use,
    "agrees": lambda each: _WORDS[each.agrees],
    "source": lambda each: cited(each.row.source, each.placed.path.parent),
    "mark": lambda each: each.row.mark,
    "reason": lambda each: each.row.reason,
}


_WHOLE = ("fact", "published", "model", "unit", "inside if", "agrees", "finding", "use", "source", "mark", "reason")

_LESS = {
    "direction": ("fact", "published", "model", "unit", "agrees", "finding", "use", "source", "mark", "reason"),
    "listed": ("fact", "published", "model", "unit", "why", "use", "source", "mark", "reason"),
    "input": ("fact", "published", "model", "unit", "source", "mark", "reason"),
    "not_modelled": ("fact", "source", "mark", "reason"),
    "unverified": ("fact", "published", "model", "unit", "source", "reason"),
}
"""The columns of groups that do not have all."""


def _line(cells: Iterable[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(map(markdown_text, cells))} |"
