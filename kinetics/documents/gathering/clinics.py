"""The population of a clinic as a document."""

from __future__ import annotations

from typing import Any

import xarray as xr

from kinetics.documents.content import Document, Note, Section
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.labels import Labels
from kinetics.documents.gathering.models import equations_section, model_of, parameters_section
from kinetics.documents.gathering.pictures import picture
from kinetics.documents.gathering.predictions import facts_of
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.figures.kinds import OF_PATIENTS
from kinetics.model import Model
from kinetics.patients.clinic import ClinicFit
from kinetics.reports.clinic import clinic_sentence, diagnostic_tables, population_tables
from kinetics.text.escaping import one_space
from kinetics.text.numbers import number_text
from kinetics.text.tables import Table
from kinetics.units import parse_unit, written_unit

_CHECKS = ("goodness_of_fit", "visual_predictive_check", "population_prediction")


def clinic_document(tree: xr.DataTree, model: Model | None = None, fit: ClinicFit | None = None) -> Document:
    """The document of the population of a clinic, from its tree; ``fit`` is what the tree is of, if it is at hand."""
    facts, model, bibliography = facts_of(tree), model_of(tree.attrs, model), Bibliography()
    summary = _summary(tree) if fit is None else fit.summary()
    notes = [Note(f"{one_space(text)}.") for text in summary["warnings"]]
    figures, labels = [picture(name, input=tree) for name in _CHECKS if _has(tree, name)], Labels(model)
    sections = [
        Section("Summary", [clinic_sentence(summary), *([str(facts["about"])] if facts.get("about") else []), *notes]),
        Section("Data", [labels.table(_visits(tree))]),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography, *population_tables(summary)),
        Section("Diagnostics", [*labels.blocks(diagnostic_tables(summary)), *figures]),
        provenance_section(facts, model),
    ]
    title = str(facts.get("title") or f"Population of {summary['clinic']}")
    return Document(title, f"Clinic {summary['clinic']}, model {model.name}", sections, bibliography.references)


def _has(tree: xr.DataTree, name: str) -> bool:
    """Whether a tree has what a figure of this name shows."""
    return name in OF_PATIENTS and ("visits" if name == "goodness_of_fit" else name) in tree.children


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
