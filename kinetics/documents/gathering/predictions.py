"""Simulations and predictions as documents."""

from __future__ import annotations

from typing import Any

import xarray as xr

from kinetics.documents.content import Block, Document, Section
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.models import equations_section, model_of, parameters_section
from kinetics.documents.gathering.pictures import picture
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.files.checksums import tree_checksum
from kinetics.model import Model
from kinetics.reports.course import time_factor
from kinetics.reports.prediction import prediction_parts
from kinetics.reports.recovery import recovery, recovery_table
from kinetics.reports.simulation import counts_table, simulation_title
from kinetics.text.numbers import number_text
from kinetics.units import conversion, parse_unit

_BAND = "Line: typical patient at the estimates. Band: 95 % interval over the uncertainty of the parameters."
_SHORT = 60
"""Days up to which a time is said in days."""
_OF_PATIENTS = "Line: median of the patients. Band: 5 to 95 % of them."


def prediction_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a prediction from a fit."""
    facts, model, bibliography = facts_of(tree), model_of(tree.attrs, model), Bibliography()
    root = tree.to_dataset()
    summary = (
        f"Counts and recovery of the {_cohort(facts)} under {facts['regimen']}, predicted from the fits "
        f"{facts['fits']} with model {model.name}, over {facts['draws']} draws of the parameters and {_span(root)}."
    )
    sections = [
        Section("Summary", [summary, *recovery_sentences(recovery(tree))]),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography),
        Section("Predictions", [*prediction_parts(tree), _courses(tree, model, f"Predicted counts. {_BAND}")]),
        provenance_section(facts, model),
    ]
    return Document(f"Prediction: {facts['regimen']}", f"Model {model.name}", sections, bibliography.references)


def simulation_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a simulation."""
    facts, model, bibliography, root = facts_of(tree), model_of(tree.attrs, model), Bibliography(), tree.to_dataset()
    has_times = any("_time_to_" in str(name) for name in root.data_vars)
    rows = recovery(root) if has_times else []
    times = recovery_table(rows, "Months from the first dose of each course to the level")
    of_patients = "patient" in root.dims
    caption = f"Simulated counts. {_OF_PATIENTS if of_patients else 'Line: typical patient.'}"
    blocks: list[Block] = [counts_table(root, "Counts over time"), *([times] if times.rows else [])]
    summary = f"A simulation over {_span(root)}: {simulation_title(root)}."
    sections = [
        Section("Summary", [summary, *recovery_sentences(rows)]),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography),
        Section("Predictions", [*blocks, _courses(tree, model, caption)]),
        provenance_section(facts, model),
    ]
    return Document(f"Simulation: {facts['regimen']}", f"Model {model.name}", sections, bibliography.references)


def facts_of(tree: xr.DataTree) -> dict[str, Any]:
    """The attributes of a result, with the checksum of its content."""
    return {str(name): fact for name, fact in tree.attrs.items()} | {"checksum": tree_checksum(tree)}


def _cohort(facts: dict[str, Any]) -> str:
    return f"cohort {facts['cohort']}" if facts.get("cohort") else "model's own cohort"


def _span(root: xr.Dataset) -> str:
    """The time that a result covers, in days or months."""
    days = float(root["time"][-1] - root["time"][0]) * time_factor(root, "day")
    if days < _SHORT:
        return f"{number_text(days)} days"
    return f"{number_text(float(conversion(parse_unit('day'), parse_unit('month'))) * days)} months"


def recovery_sentences(rows: Any) -> list[str]:
    """When each output recovers after the last course, in a sentence each."""
    last = max((row["course"] for row in rows), default=0)
    table = recovery_table([row for row in rows if row["course"] == last], "")
    which = f"course {last}" if last > 1 else "the course"
    sentences = []
    for output, _, months, *interval in table.rows:
        is_number = months[:1].isdigit()
        ends = f" (95 % interval {interval[0]})" if interval and is_number else ""
        sentences.append(f"{output}: {months}{' months' if is_number else ''}{ends}")
    return [f"Time to the lower limit of normal after {which}: {'; '.join(sentences)}."] if sentences else []


def _courses(tree: xr.DataTree, model: Model, caption: str) -> Block:
    """The outputs that have a lower limit of normal, over time; or all."""
    root = tree.to_dataset()
    names = [str(name) for name in model.outputs if name in root]
    limited = [name for name in names if "lower_limit" in root[name].attrs]
    shown = limited or names
    alt = f"Curves over time of {', '.join(shown)}. The tables have the numbers."
    return picture(tree, caption, alt, outputs=shown, model=model)
