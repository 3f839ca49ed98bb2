"""Every published fact beside the model: as text, as Markdown, for a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kinetics.published import SHARE, Evaluated, EvidenceRow, Verdict
from kinetics.published.evaluating import agreement_counts
from kinetics.results import marked
from kinetics.text.escaping import markdown_code, markdown_text
from kinetics.text.numbers import number_text
from kinetics.text.tables import paragraph, table
from kinetics.units import display_unit, parse_unit

_WORDS = {True: "yes", False: "no", None: ""}


def evidence_text(evaluated: Evaluated, width: int) -> str:
    """The counts, then every row that is outside or against the published direction, then the others."""
    head = ("name", "published", "model", "unit", "use")
    parts = ["\n".join(f"{label}: {count}" for label, count in agreement_counts(evaluated))]
    for title, outcomes in _sections(evaluated):
        if outcomes:
            rows = [
                [marked(each.row.name, each.exploratory), *(_COLUMNS[name](each) for name in head[1:])]
                for each in outcomes
            ]
            parts.append(f"{title}\n" + table(head, rows, text=(0, 3, 4)))
    if unexplained := unexplained_rows(evaluated):
        parts.append(paragraph(f"Without a reason: {', '.join(unexplained)}", width))
    return "\n\n".join(parts)


def evidence_markdown(evaluated: Evaluated, source: str) -> str:
    """The same as a page: counts, then one table a section, with statement, reason and source of each row.

    ``source`` is the file the facts are read from.
    """
    lines = [
        "# Evidence",
        "",
        paragraph(
            f"Every published fact of {markdown_code(source)} beside the model, written by `kinetics evidence --out`. "
            f"A number is inside if the model's lies in the published interval, or within {100 * SHARE:.0f} % of the "
            "value where none is given. Numbers that are themselves parameters of the model are inputs and are "
            f"counted separately. {evaluated.patients} virtual patients (seed {evaluated.seed}) stand for each cohort. "
            "How each kind of number is taken of them: [formats](formats/evidence.md).",
            100,
        ),
        "",
        "| rows | agree |",
        "|---|---|",
        *(f"| {label} | {count} |" for label, count in agreement_counts(evaluated)),
    ]
    for title, outcomes in _sections(evaluated):
        if not outcomes:
            continue
        lines += ["", f"## {title}", ""]
        columns = _LESS.get(outcomes[0].group, tuple(_COLUMNS))
        lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        lines += [_line(_COLUMNS[name](each) for name in columns) for each in outcomes]
    return "\n".join(lines) + "\n"


def evidence_json(evaluated: Evaluated) -> dict[str, Any]:
    """The same for a program: ``counts``, and every row under ``facts`` in the order of the file."""
    counts = {label: {"inside": count.inside, "total": count.total} for label, count in agreement_counts(evaluated)}
    facts = [
        {
            "name": each.row.name,
            "section": each.row.section,
            "mark": each.row.mark,
            "use": each.row.use,
            "group": each.group,
            "kind": each.row.kind,
            "published": each.row.value,
            "lower": each.row.lower,
            "upper": each.row.upper,
            "relation": each.row.relation,
            "unit": each.row.unit,
            "model": each.model,
            "versus": each.versus,
            "agrees": each.agrees,
            "exploratory": each.exploratory,
            "source": each.row.source,
            "reason": each.row.reason,
        }
        for each in evaluated.verdicts
    ]
    return {"patients": evaluated.patients, "seed": evaluated.seed, "counts": counts, "facts": facts}


def unexplained_rows(evaluated: Evaluated) -> list[str]:
    """Names of the rows that disagree and give no reason."""
    groups = ("numeric", "input", "direction")
    disagree = [each for group in groups for each in evaluated.of(group, agrees=False)]
    return [each.row.name for each in disagree if not each.row.reason]


def _sections(evaluated: Evaluated) -> list[tuple[str, Sequence[Verdict]]]:
    return [
        ("Outside", evaluated.of("numeric", agrees=False)),
        ("Inside", evaluated.of("numeric", agrees=True)),
        ("Inputs the model has otherwise", evaluated.of("input", agrees=False)),
        ("Inputs", evaluated.of("input", agrees=True)),
        ("Directions the model does not show", evaluated.of("direction", agrees=False)),
        ("Directions", evaluated.of("direction", agrees=True)),
        ("Not a matter of the model", evaluated.of("not_modelled")),
        ("Unverified, not counted", evaluated.of("unverified")),
    ]


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


_COLUMNS: dict[str, Callable[[Verdict], str]] = {
    "fact": _fact,
    "published": _published,
    "model": lambda each: "" if each.model is None else number_text(each.model),
    "unit": lambda each: _unit(each.row),
    "use": lambda each: each.row.use,
    "agrees": lambda each: _WORDS[each.agrees],
    "source": lambda each: each.row.source,
    "mark": lambda each: each.row.mark,
    "reason": lambda each: each.row.reason,
}


_LESS = {
    "not_modelled": ("fact", "source", "mark", "reason"),
    "unverified": ("fact", "published", "model", "unit", "source", "reason"),
}
"""The columns of groups that do not have all."""


def _line(cells: Iterable[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(map(markdown_text, cells))} |"
