"""Variants of a fit side by side, as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinetics.published.likelihoods import PredictedSummary
from kinetics.text.escaping import markdown_text
from kinetics.text.numbers import number_text
from kinetics.text.tables import WIDTH, in_blocks, paragraph
from kinetics.units import display_unit, parse_unit
from kinetics.variants import ModelComparison
from kinetics.variants.fitted import VERDICTS, FittedVariant

_NOTE = (
    "Log likelihood and log posterior are of the fitted rows; priors count without their constants. Inside: numbers of "
    "the fitted rows, means and standard deviations apart, that lie where 95 % of studies would. Columns with "
    "verdicts are rows that are compared, not fitted."
)
_SCORES = (
    "The columns after 'inside' are scores, higher is better: of a cross-validation sums of log densities of what was "
    "left out, by what it was, or of a source that no fit had; '-' where the variant does not predict it."
)


def models_text(comparison: ModelComparison, width: int = WIDTH) -> str:
    """The titles, the table in blocks, and what its columns mean."""
    titles = (f"{one.problem.name}: {one.problem.title}" for one in comparison.variants)
    head, rows = _cells(comparison)
    notes = [_NOTE, *([_SCORES] if any(one.scores for one in comparison.variants) else [])]
    parts = ["\n".join(titles), in_blocks(head, rows, width, text=(0,)), paragraph(" ".join(notes), width)]
    return "\n\n".join(parts)


def models_markdown(comparison: ModelComparison) -> str:
    """The table for a page."""
    head, rows = _cells(comparison)
    rule = ["---", *["---:"] * (len(head) - 1)]
    escaped = [map(markdown_text, cells) for cells in (head, *rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (escaped[0], rule, *escaped[1:])) + "\n"


def models_json(comparison: ModelComparison) -> dict[str, Any]:
    """The same for a program."""
    return {"variants": comparison.summary()}


def _cells(comparison: ModelComparison) -> tuple[list[str], list[list[str]]]:
    first = comparison.variants[0]
    names = [", ".join(filter(None, (one.row.name, display_unit(parse_unit(one.row.unit))))) for one in first.compared]
    head = ["variant", "parameters", "log likelihood", "log posterior", "inside"]
    scores = list(dict.fromkeys(name for one in comparison.variants for name in one.scores))
    head += [*scores, *names]
    published = ["published", *[""] * (len(head) - len(names) - 1), *(_published(one) for one in first.compared)]
    return head, [published, *(_line(one, scores) for one in comparison.variants)]


def _line(one: FittedVariant, scores: Sequence[str]) -> list[str]:
    inside, known = one.numbers_inside
    numbers = [str(len(one.problem.free)), f"{one.log_likelihood:.1f}", f"{one.log_posterior:.1f}"]
    scored = [f"{one.scores[name]:.1f}" if name in one.scores else "-" for name in scores]
    return [one.problem.name, *numbers, f"{inside} of {known}", *scored, *map(_compared, one.compared)]


def _published(one: PredictedSummary) -> str:
    return f"{one.row.lower:g} to {one.row.upper:g}" if one.row.is_range else f"{one.row.value:g}"


def _compared(one: PredictedSummary) -> str:
    return f"{number_text(one.interval.value)} {VERDICTS[one.inside()]}"
