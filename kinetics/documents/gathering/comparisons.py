"""Regimens side by side as a document."""

from __future__ import annotations

from typing import Any

import xarray as xr

from kinetics.comparison import Comparison, comparison_of, regimens_of
from kinetics.documents.content import Document, Section
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.labels import Labels
from kinetics.documents.gathering.models import equations_section, parameters_section
from kinetics.documents.gathering.pictures import picture
from kinetics.documents.gathering.predictions import facts_of
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.figures.treatments import regimen_label, regimen_text
from kinetics.files.library import library_folder
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.reports.comparison import MEANING, comparison_notes, comparison_tables
from kinetics.text.escaping import one_space
from kinetics.text.tables import Table


def comparison_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a comparison of regimens."""
    facts, root, bibliography = facts_of(tree), tree.to_dataset(), Bibliography()
    comparison, regimens = comparison_of(root, model and model.reference), regimens_of(root)
    model, cohort = comparison.model, facts.get("cohort")
    labels = {regimen.name: regimen_label(regimen) for regimen in regimens}
    tables = [_labelled(table, labels) for table in comparison_tables(comparison, root)]
    notes = [one_space(text) for text in (MEANING, comparison.header.note) if text]
    sections = [
        Section("Summary", [_summary(comparison, facts, model), *comparison_notes(root)]),
        Section("Regimens", [_regimens(regimens, model, bibliography)] if regimens else []),
        equations_section(model),
        parameters_section(model, cohort, bibliography),
        Section("Comparison", [picture(tree, model=model), *tables, *notes]),
        provenance_section(facts, model),
    ]
    title = one_space(comparison.header.title)
    return Document(title, f"Model {model.name}", [own for own in sections if own.blocks], bibliography.references)


def _summary(comparison: Comparison, facts: dict[str, Any], model: Model) -> str:
    patients = facts.get("patients")
    who = f"median and 5 to 95 % of {patients} patients" if patients else "the typical patient"
    cohort = Labels(model).cohort(facts.get("cohort"))
    return f"Regimens side by side over {comparison.header.until}, {cohort}, model {model.name}: {who}."


def _labelled(table: Table, labels: dict[str, str]) -> Table:
    head = [labels.get(name, name) for name in table.head]
    return Table(table.title, head, table.rows, table.text, wide=table.wide)


def _regimens(regimens: list[Regimen], model: Model, bibliography: Bibliography) -> Table:
    """What is given when, under each regimen."""
    folder = library_folder("models/regimens")
    rows = [
        [
            regimen_label(regimen),
            regimen_text(regimen, "month", model) or "no drug",
            bibliography.cite(regimen.source, folder) if regimen.source else "-",
        ]
        for regimen in regimens
    ]
    return Table("What is given when", ["regimen", "courses", "source"], rows, range(3))
