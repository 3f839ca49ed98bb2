"""One patient, and the population of a clinic, as documents."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from kinetics.documents.content import Block, Document, Note, Section
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.models import equations_section, model_of, parameters_section
from kinetics.documents.gathering.pictures import picture
from kinetics.documents.gathering.predictions import facts_of, recovery_sentences
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.figures.kinds import OF_RESULTS
from kinetics.model import Model
from kinetics.patients.clinic import ClinicFit
from kinetics.reports.clinic import clinic_sentence, diagnostic_tables, population_tables
from kinetics.reports.course import heading
from kinetics.reports.patient import parameters_of_tree, patient_parts, patient_title
from kinetics.reports.patient.rows import output_months
from kinetics.reports.recovery import recovery
from kinetics.text.escaping import one_space
from kinetics.text.numbers import count_text, number_text
from kinetics.text.tables import Table
from kinetics.units import display_unit, parse_unit, written_unit

_CHECKS = {
    "goodness_of_fit": "Goodness of fit: counts beside predictions, and residuals.",
    "visual_predictive_check": "Visual predictive check: percentiles of the counts and of simulated patients.",
    "population_prediction": "Counts of all patients, and simulated patients of the estimated population.",
}
_AMOUNT = "dose_amount_"


def patient_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a patient, whose counts were fitted and predicted."""
    facts, model, bibliography = facts_of(tree), model_of(tree.attrs, model), Bibliography()
    caption = (
        "Counts of the patient (points), the most probable course (line), and its 95 % interval (band); "
        "after the last count it is a prediction."
    )
    drawn = picture(tree, caption, f"{caption} Tables have the numbers.")
    reach = f"The prediction reaches to month {number_text(float(output_months(tree)[-1]))}."
    sections = [
        Section("Summary", [f"{patient_title(tree)}.", reach, *recovery_sentences(recovery(tree))]),
        Section("Data", _records(tree["observations"].to_dataset())),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography, parameters_of_tree(tree)),
        Section("Predictions", [*patient_parts(tree), drawn]),
        provenance_section(facts, model),
    ]
    return Document(f"Patient {facts['patient']}", f"Model {model.name}", sections, bibliography.references)


def _records(observed: xr.Dataset) -> list[Block]:
    """The counts and doses of a patient, and where they are from."""
    amounts = [str(name) for name in observed if str(name).startswith(_AMOUNT)]
    measured = {str(name): own for name, own in observed.items() if own.dims == ("patient", "visit")}
    names = [name for name, own in measured.items() if "units" in own.attrs and name != "count_time"]
    blocks: list[Block] = [
        _record_table("Counts", observed, "count_time", names, {name: name for name in names}),
        _record_table("Doses", observed, "dose_time", amounts, {name: name.removeprefix(_AMOUNT) for name in amounts}),
    ]
    sources = observed.attrs.get("sources")
    return [*blocks, *([f"Read from {sources}."] if sources else [])]


def _record_table(title: str, observed: xr.Dataset, time: str, names: list[str], labels: dict[str, str]) -> Table:
    """A row a time, a column a variable; what was not measured is a dash."""
    if time not in observed or not names:
        return Table(title, ["time"], [])
    times = observed[time].values.ravel()
    kept = np.flatnonzero(np.isfinite(times))
    columns = [observed[name].values.ravel() for name in names]
    rows = [[number_text(float(times[at])), *(number_text(float(column[at])) for column in columns)] for at in kept]
    unit = display_unit(parse_unit(observed[time].attrs["units"]))
    head = [unit, *(heading(labels[name], observed[name].attrs["units"]) for name in names)]
    return Table(f"{title}, {count_text(len(rows), 'time')}", head, rows, ())


def clinic_document(tree: xr.DataTree, model: Model | None = None, fit: ClinicFit | None = None) -> Document:
    """The document of the population of a clinic, from its tree; ``fit`` is what the tree is of, if it is at hand."""
    facts, model, bibliography = facts_of(tree), model_of(tree.attrs, model), Bibliography()
    summary = _summary(tree) if fit is None else fit.summary()
    notes = [Note(f"{one_space(text)}.") for text in summary["warnings"]]
    figures = [
        picture(name, caption, f"{caption} Tables have the estimates.", input=tree)
        for name, caption in _CHECKS.items()
        if _has(tree, name)
    ]
    sections = [
        Section("Summary", [clinic_sentence(summary), *([str(facts["about"])] if facts.get("about") else []), *notes]),
        Section("Data", [_visits(tree)]),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography, *population_tables(summary)),
        Section("Diagnostics", [*diagnostic_tables(summary), *figures]),
        provenance_section(facts, model),
    ]
    title = str(facts.get("title") or f"Population of {summary['clinic']}")
    return Document(title, f"Clinic {summary['clinic']}, model {model.name}", sections, bibliography.references)


def _has(tree: xr.DataTree, name: str) -> bool:
    """Whether a tree has what a figure of this name shows."""
    return name in OF_RESULTS and ("visits" if name == "goodness_of_fit" else name) in tree.children


def _visits(tree: xr.DataTree) -> Table:
    """How many patients and counts there are of each output."""
    observed = tree["observed_data"].to_dataset()
    rows = []
    for name in observed.data_vars:
        if f"{name}_patient" in observed:
            values, censored = observed[name].values, int(observed[f"{name}_censored"].sum())
            patients = len(set(observed[f"{name}_patient"].values.tolist()))
            unit = written_unit(parse_unit(observed[name].attrs["units"]))
            ends = f"{number_text(float(values.min()))} to {number_text(float(values.max()))}"
            rows.append([str(name), unit, str(patients), str(values.size), str(censored), ends])
    head = ["output", "unit", "patients", "counts", "beyond a limit of quantification", "range"]
    return Table("Counts of the clinic", head, rows, (0, 1))


def _summary(tree: xr.DataTree) -> dict[str, Any]:
    """As `ClinicFit.summary`, of what was read."""
    facts, population, shrinkage = tree.attrs, tree["population"].to_dataset(), tree["shrinkage"].to_dataset()
    columns = {"estimate": "value", "standard_error": "se", "lower": "lower", "upper": "upper", "start": "start"}
    rows: dict[str, dict[str, Any]] = {}
    for name in population["value"].values:
        own = population.sel(value=name)
        rows[str(name)] = {new: float(own[old]) for old, new in columns.items()} | {
            "kind": str(own["kind"].item()),
            "unit": written_unit(parse_unit(str(own["unit"].item()))),
            "held": bool(own["held"].item()),
        }
    observed = tree["observed_data"].to_dataset()
    counts = [str(name) for name in observed if f"{name}_patient" in observed]
    pairs = (part.rpartition(": ") for part in str(facts.get("errors", "")).split("; ") if part)
    kinds = {output: kind for output, _, kind in pairs}
    return {
        "clinic": str(facts.get("clinic") or "clinic"), "method": facts["method"], "message": facts["message"],
        "cohort": facts.get("cohort", ""), "prior_patients": float(facts.get("prior_patients", 0)),
        "standard_errors": str(facts.get("standard_errors", "linearised")),
        "patients": tree["individuals"].sizes["patient"],
        "counts": sum(observed[name].size for name in counts),
        "censored": sum(int(observed[f"{name}_censored"].sum()) for name in counts),
        "population": rows,
        "errors": {name: kinds.get(name, "-") for name in shrinkage["output"].values.tolist()},
        "objectives": {str(name): float(value) for name, value in tree["objective"].data_vars.items()},
        "shrinkage": {
            name: shrinkage[name].to_series().to_dict() if name in shrinkage else {}
            for name in ("random_effects", "occasion_effects", "residuals")
        },
        "warnings": [text for text in str(facts.get("warnings", "")).split("; ") if text],
    }  # fmt: skip
