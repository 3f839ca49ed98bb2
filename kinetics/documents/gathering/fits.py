"""A fit as a document: published numbers, the model, estimates, agreement, what can be known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kinetics.documents.content import Block, Document, Note, Section
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.fit_predictions import fit_predictions
from kinetics.documents.gathering.fitted_result import FittedResult
from kinetics.documents.gathering.labels import Labels
from kinetics.documents.gathering.models import equations_section, parameters_table
from kinetics.documents.gathering.pictures import picture
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.errors import InputError
from kinetics.figures.agreement.draw import Agreement
from kinetics.figures.base.fit_figure import FitFigureSpec
from kinetics.figures.base.labels import cohort_label, row_label
from kinetics.figures.prior_posterior.draw import PriorPosterior
from kinetics.figures.treatments import regimen_label
from kinetics.identifiability import identify
from kinetics.published import NORMAL_95
from kinetics.reports.fit import agreement_facts, estimates_table, interval_parts, targets_table, targets_title
from kinetics.text.escaping import one_space
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text, interval_text, number_text
from kinetics.text.tables import Table
from kinetics.units import parse_unit, written_unit

_USES = {"fit": "fitted", "calibrate": "sets a constant", "validate": "compared"}


def fit_document(result: FittedResult) -> Document:
    """The document of a fit."""
    problem, bibliography = result.problem, Bibliography()
    sections = [
        Section("Summary", _summary_blocks(result)),
        Section("Data", [_data_table(result, bibliography)]),
        equations_section(problem.model),
        Section("Parameters", [_estimates(result), _all_parameters(result, bibliography)]),
        Section("Agreement with the published numbers", _agreement(result, bibliography)),
        Section("Diagnostics", _diagnostics(result)),
        Section("Identifiability", _identifiability(result)),
        Section("Predictions", fit_predictions(result)),
        provenance_section(result.facts, problem.model),
    ]
    sections = [section for section in sections if section.blocks]
    subtitle = f"Fit {problem.name} of model {problem.model.name}"
    return Document(one_space(problem.title) or problem.name, subtitle, sections, bibliography.references)


def _summary_blocks(result: FittedResult) -> list[Block]:
    problem, rows = result.problem, result.summary["targets"]
    cohort = f", {cohort_label(problem.model, result.estimates.cohort)}" if result.estimates.cohort else ""
    fitted = [row for row in rows if row["use"] == "fit"]
    compared = count_text(len(rows) - len(fitted), "further number")
    others = f" Compared, not fitted: {compared}." if len(rows) > len(fitted) else ""
    kind = "population of patients" if problem.population else "typical patient"
    text = (
        f"Estimated of model {problem.model.name}{cohort}: {count_text(len(problem.free), 'parameter')}, from "
        f"{count_text(len(fitted), 'published number')}, for the {kind}.{others} {_inside(rows)}"
    )
    known = _by_verdict(result)
    notes = [Note(f"{one_space(warning)}.") for warning in result.summary["warnings"]]
    return [text.strip(), *([one_space(problem.about)] if problem.about else []), *known, *notes]


def _inside(rows: Iterable[Mapping[str, Any]]) -> str:
    """How many published numbers lie where they should, in a sentence; or how far the fitted ones are off."""
    judged = [row[key] for row in rows for key in ("inside", "sd_inside") if row.get(key) is not None]
    if judged:
        return f"{sum(judged)} of {len(judged)} published numbers lie where those of 95 % of such studies would."
    ratios = [
        row["fitted"] / row["published"]
        for row in rows
        if row["use"] == "fit" and not isinstance(row["published"], list) and row["published"]
        if math.isfinite(row["fitted"])
    ]
    if not ratios:
        return ""
    return f"Model over published number of the fitted rows: {number_text(min(ratios))} to {number_text(max(ratios))}."


def _by_verdict(result: FittedResult) -> list[str]:
    """A sentence for each thing that the data say of parameters."""
    estimates, labels = result.estimates, Labels(result.problem.model)
    names: dict[str, list[str]] = {}
    for name, verdict in zip(estimates.names, estimates.verdicts, strict=True):
        names.setdefault(verdict, []).append(labels.of(name))
    return [f"{verdict[:1].upper()}{verdict[1:]}: {listed(own, len(own))}." for verdict, own in names.items()]


def _data_table(result: FittedResult, bibliography: Bibliography) -> Table:
    rows, model, folder = [], result.problem.model, result.problem.path.parent
    for target in result.problem.targets:
        row = target.row
        cohort = cohort_label(model, row.cohort) if row.cohort else ""
        whose = ", ".join(filter(None, (cohort, regimen_label(target.regimen) if row.regimen else "")))
        rows.append(
            [
                row_label(row, model=model),
                target.published_text,
                written_unit(parse_unit(row.unit)),
                "-" if row.n is None else str(row.n),
                _USES[row.use],
                whose,
                bibliography.cite(row.source, folder),
                one_space(row.note) or "-",
            ]
        )
    head = ["number", "published", "unit", "patients", "use", "cohort, regimen", "source", "note"]
    return Table("Published numbers", head, rows, (0, 2, 4, 5, 6, 7))


def _estimates(result: FittedResult) -> Table:
    """Estimates with their intervals."""
    table = estimates_table(result.summary["estimates"], "Estimates of this fit")
    ends = []
    for row in result.estimates.by_name.values():
        factor = math.exp(NORMAL_95 * row.log_se)
        ends.append(interval_text(row.value / factor, row.value * factor))
    rows = [[*row[:4], interval, row[4]] for row, interval in zip(table.rows, ends, strict=True)]
    head = [*table.head[:4], "95 % interval", table.head[4]]
    return Labels(result.problem.model).table(replace(table, head=head, rows=rows, text=(0, 1, 4, 5)))


def _all_parameters(result: FittedResult, bibliography: Bibliography) -> Table:
    model = result.problem.model
    free = result.estimates.by_flat_name(model)
    return parameters_table(model, result.estimates.cohort or None, bibliography, free)


def _agreement(result: FittedResult, bibliography: Bibliography) -> list[Block]:
    folder = result.problem.path.parent
    rows = [{**row, "source": bibliography.cite(row["source"], folder)} for row in result.titled]
    spec = FitFigureSpec.of(result.problem, Agreement.name)
    drawn = picture(Agreement(spec), input=result.estimates)
    return [targets_table(rows, targets_title(result.summary)), drawn]


def _diagnostics(result: FittedResult) -> list[Block]:
    facts = agreement_facts(result.summary)
    cost = f"Cost, half the sum of squared residuals: {number_text(float(result.estimates.facts['cost']))}."
    blocks: list[Block] = [" ".join([cost, *(f"{fact[:1].upper()}{fact[1:]}." for fact in facts)])]
    blocks += Labels(result.problem.model).blocks(filter(None, interval_parts(result.summary)))
    if result.searches is not None:
        searches = result.searches
        rows = [
            [str(int(number)), number_text(float(cost)), "yes" if done else "no"]
            for number, cost, done in zip(
                searches["search"].values, searches["cost"].values, searches["converged"].values, strict=True
            )
        ]
        blocks.append(Table("Searches from different starts", ["search", "cost", "converged"], rows, (0, 2)))
    return blocks


def _identifiability(result: FittedResult) -> list[Block]:
    """What the equations let be known, and what these data say."""
    words, labels = _by_verdict(result), Labels(result.problem.model)
    spec = FitFigureSpec.of(result.problem, PriorPosterior.name)
    drawn = picture(PriorPosterior(spec), input=result.estimates)
    try:
        found = identify(result.problem)
    except InputError as error:
        return [*words, f"Which parameters the equations determine cannot be computed: {error}", drawn]
    found = replace(found, practical=dict(zip(result.estimates.names, result.estimates.verdicts, strict=True)))
    head, rows = found.table()
    arms = f"Were these known at all times without error: {'; '.join(map(labels.words, found.arms))}: {found.summary}"
    known = labels.table(Table("What can be known of each parameter", head, rows, range(len(head))))
    return [*words, arms, known, drawn]
