"""Simulations and predictions as documents."""

from __future__ import annotations

from typing import Any

import xarray as xr

from kinetics.documents.content import Block, Document, Section
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.labels import Labels
from kinetics.documents.gathering.models import equations_section, model_of, parameters_section
from kinetics.documents.gathering.pictures import picture
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.files.checksums import tree_checksum
from kinetics.model import Model
from kinetics.reports.course import time_factor
from kinetics.reports.prediction import prediction_parts
from kinetics.reports.recovery import Recovery, recovery, recovery_table
from kinetics.reports.simulation import counts_table, simulation_title
from kinetics.text.numbers import number_text
from kinetics.units import conversion, parse_unit

_SHORT = 60
"""Days up to which a time is said in days."""


def prediction_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a prediction from a fit."""
    facts, model, bibliography = facts_of(tree), model_of(tree.attrs, model), Bibliography()
    root, labels = tree.to_dataset(), Labels(model)
    regimen = labels.regimen(str(facts["regimen"]))
    summary = (
        f"Counts and recovery under {regimen}, {labels.cohort(facts.get('cohort'))}, predicted from the fits "
        f"{facts['fits']} with model {model.name}, over {facts['draws']} draws of the parameters and {_span(root)}."
    )
    predicted = labels.blocks(prediction_parts(tree))
    sections = [
        Section("Summary", [summary, *recovery_sentences(recovery(tree), labels)]),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography),
        Section("Predictions", [*predicted, _courses(tree, model)]),
        provenance_section(facts, model),
    ]
    return Document(f"Prediction: {regimen}", f"Model {model.name}", sections, bibliography.references)


def simulation_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a simulation."""
    facts, model, bibliography, root = facts_of(tree), model_of(tree.attrs, model), Bibliography(), tree.to_dataset()
    labels = Labels(model)
    regimen = labels.regimen(str(facts["regimen"]))
    who = simulation_title(root.assign_attrs(cohort="", regimen=regimen))
    cohort = labels.cohort(facts.get("cohort"))
    summary = f"A simulation over {_span(root)}: {who}; {cohort}."
    sections = [
        Section("Summary", [summary, *recovery_sentences(_recovery(root), labels)]),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography),
        Section("Predictions", simulated_blocks(tree, model)),
        provenance_section(facts, model),
    ]
    return Document(f"Simulation: {regimen}", f"Model {model.name}", sections, bibliography.references)


def facts_of(tree: xr.DataTree) -> dict[str, Any]:
    """The attributes of a result, with the checksum of its content."""
    return {str(name): fact for name, fact in tree.attrs.items()} | {"checksum": tree_checksum(tree)}


def simulated_blocks(tree: xr.DataTree, model: Model) -> list[Block]:
    """The counts of a simulation, its recovery, and its curves."""
    root = tree.to_dataset()
    times = recovery_table(_recovery(root), "Months from the first dose of each course to the level")
    tables = [counts_table(root, "Counts over time"), *([times] if times.rows else [])]
    return [*Labels(model).blocks(tables), _courses(tree, model)]


def _recovery(root: xr.Dataset) -> Recovery:
    """Times of recovery, if the simulation has them."""
    return recovery(root) if any("_time_to_" in str(name) for name in root.data_vars) else Recovery()


def _span(root: xr.Dataset) -> str:
    """The time that a result covers, in days or months; a number if its model's time has no unit."""
    length = float(root["time"][-1] - root["time"][0])
    if parse_unit(root["time"].attrs["units"]) == parse_unit("1"):
        return f"{length:g} in the time of the model"
    days = length * time_factor(root, "day")
    if days < _SHORT:
        return f"{number_text(days)} days"
    return f"{number_text(float(conversion(parse_unit('day'), parse_unit('month'))) * days)} months"


def recovery_sentences(rows: Any, labels: Labels) -> list[str]:
    """When each output recovers after the last course, in a sentence each."""
    last = max((row["course"] for row in rows), default=0)
    table = recovery_table([row for row in rows if row["course"] == last], "")
    which = f"course {last}" if last > 1 else "the course"
    sentences = []
    for output, _, months, *interval in table.rows:
        is_number = months[:1].isdigit()
        ends = f" (95 % interval {interval[0]})" if interval and is_number else ""
        sentences.append(f"{labels.of(output)}: {months}{' months' if is_number else ''}{ends}")
    return [f"Time to the lower limit of normal after {which}: {'; '.join(sentences)}."] if sentences else []


def _courses(tree: xr.DataTree, model: Model) -> Block:
    """The outputs that have a lower limit of normal, over time; or all."""
    root = tree.to_dataset()
    names = [str(name) for name in model.outputs if name in root]
    limited = [name for name in names if "lower_limit" in root[name].attrs]
    return picture(tree, outputs=limited or names, model=model)
