"""One patient as a document: counts that were fitted, and their prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from kinetics.documents.content import Block, Document, Section
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.labels import Labels
from kinetics.documents.gathering.models import equations_section, model_of, parameters_section
from kinetics.documents.gathering.pictures import picture
from kinetics.documents.gathering.predictions import facts_of, recovery_sentences
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.figures.treatments import drug_label
from kinetics.model import Model
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.patients.population.individual_curves import individual_curves
from kinetics.patients.population.visits import visit_table
from kinetics.reports.course import heading
from kinetics.reports.patient import parameters_of_tree, patient_parameters, patient_parts, patient_title
from kinetics.reports.patient.rows import output_months, unit_of_times
from kinetics.reports.recovery import recovery
from kinetics.text.numbers import count_text, number_text
from kinetics.text.tables import Table
from kinetics.units import display_unit, parse_unit, written_unit

_AMOUNT = "dose_amount_"
_BESIDE = ("_censored", "_limit", "_bound")
_SIGNS = {-1: "< ", 0: "", 1: "> "}
_ESTIMATES = "Parameters of the patient"


def patient_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a patient, whose counts were fitted and predicted."""
    facts, model, bibliography = facts_of(tree), model_of(tree.attrs, model), Bibliography()
    labels, own = Labels(model), replace(parameters_of_tree(tree), title=_ESTIMATES)
    unit, factor = unit_of_times(tree)
    reach = f"The prediction reaches to {unit} {number_text(float(output_months(tree)[-1]) * factor)}."
    sections = [
        Section(
            "Summary",
            [
                f"{patient_title(tree, labels.cohort(facts.get('cohort')))}.",
                reach,
                *recovery_sentences(recovery(tree), labels),
            ],
        ),
        Section("Data", labels.blocks(_records(tree["observations"].to_dataset()))),
        equations_section(model),
        parameters_section(model, facts.get("cohort"), bibliography, own),
        Section("Predictions", [*labels.blocks(patient_parts(tree)), picture(tree, model=model)]),
        provenance_section(facts, model),
    ]
    return Document(f"Patient {facts['patient']}", f"Model {model.name}", sections, bibliography.references)


def patient_fit_document(fit: PatientFit) -> Document:
    """The document of a patient whose counts were fitted, without a prediction."""
    patient, model, bibliography, labels = fit.patient, fit.model, Bibliography(), Labels(fit.model)
    cohort = fit.patients.cohort
    facts = {
        "model": model.reference, "model_hash": model.content_hash, "patient": fit.id, "cohort": cohort.name,
        "cohort_hash": cohort.content_hash, "data_hash": fit.fits.data.content_hash, "converged": fit.converged,
    }  # fmt: skip
    counts, doses = count_text(len(patient.observations), "count"), count_text(len(patient.given), "dose")
    summary = f"Patient {fit.id}: {counts}, {doses}; model {model.name}, {labels.cohort(cohort.name)}."
    own = patient_parameters(fit.parameters, len(patient.observations), fit.known_text)
    sections = [
        Section("Summary", [summary, "The parameters that the counts make most probable, given the population."]),
        Section("Data", _records_of_fit(fit, labels)),
        equations_section(model),
        parameters_section(model, cohort.name or None, bibliography, replace(own, title=_ESTIMATES)),
        Section("Diagnostics", [picture("individual_fits", input=_tree_of_fit(fit))]),
        provenance_section(facts, model),
    ]
    return Document(f"Patient {fit.id}", f"Model {model.name}", sections, bibliography.references)


def _tree_of_fit(fit: PatientFit) -> xr.DataTree:
    """The counts and curves of the patient alone, of those that it was fitted among."""
    random, patients = fit.fits.modes.random, fit.patients
    visits, curves = visit_table(patients, random), individual_curves(patients, random)
    own = visits.isel(visit=visits["patient"].values == fit.id)
    return xr.DataTree.from_dict({"visits": own, "individual_fits": curves.sel(patient=[fit.id])})


def _records_of_fit(fit: PatientFit, labels: Labels) -> list[Block]:
    """The counts and doses of a patient, a row each."""
    outputs, drugs, time = fit.model.outputs, fit.model.doses, display_unit(fit.fits.data.time)
    signs = {"": 0, "below": -1, "above": 1}
    counts = [
        [f"{one.time:g}", labels.of(one.output), f"{_SIGNS[signs[one.censored]]}{number_text(one.value)}",
         written_unit(outputs[one.output].unit)]
        for one in fit.patient.observations
    ]  # fmt: skip
    doses = [
        [
            f"{one.time:g}",
            drug_label(one.drug, fit.model),
            number_text(one.amount),
            written_unit(drugs[one.drug].unit),
        ]
        for one in fit.patient.given
    ]
    return [
        Table(f"Counts, {count_text(len(counts), 'record')}", [time, "output", "count", "unit"], counts, (1, 3)),
        Table(f"Doses, {count_text(len(doses), 'record')}", [time, "drug", "amount", "unit"], doses, (1, 3)),
    ]


def _records(observed: xr.Dataset) -> list[Block]:
    """The counts and doses of a patient, and where they are from."""
    amounts = [str(name) for name in observed if str(name).startswith(_AMOUNT)]
    measured = {str(name): own for name, own in observed.items() if own.dims == ("patient", "visit")}
    beside = {f"{name}{ending}" for name in measured for ending in _BESIDE}
    names = [name for name, own in measured.items() if "units" in own.attrs and name not in {"count_time"} | beside]
    blocks: list[Block] = [
        _record_table("Counts", observed, "count_time", names, {name: name for name in names}),
        _record_table("Doses", observed, "dose_time", amounts, {name: name.removeprefix(_AMOUNT) for name in amounts}),
    ]
    sources = observed.attrs.get("sources")
    return [*blocks, *([f"Read from {sources}."] if sources else [])]


def _numbers(observed: xr.Dataset, name: str) -> list[str]:
    """The values of a variable, those beyond a limit of quantification with its sign."""
    values = observed[name].values.ravel()
    sides = observed[f"{name}_censored"].values.ravel() if f"{name}_censored" in observed else np.zeros(values.size)
    return [f"{_SIGNS[int(side)]}{number_text(float(value))}" for value, side in zip(values, sides, strict=True)]


def _record_table(title: str, observed: xr.Dataset, time: str, names: list[str], labels: dict[str, str]) -> Table:
    """A row a time, a column a variable; what was not measured is a dash."""
    if time not in observed or not names:
        return Table(title, ["time"], [])
    times = observed[time].values.ravel()
    kept = np.flatnonzero(np.isfinite(times))
    columns = [_numbers(observed, name) for name in names]
    rows = [[f"{times[at]:g}", *(column[at] for column in columns)] for at in kept]
    unit = display_unit(parse_unit(observed[time].attrs["units"]))
    head = [unit, *(heading(labels[name], observed[name].attrs["units"]) for name in names)]
    return Table(f"{title}, {count_text(len(rows), 'time')}", head, rows, ())
