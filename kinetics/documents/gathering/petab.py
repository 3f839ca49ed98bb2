"""The fit of a PEtab problem as a document: what was measured, estimates, how well it fits, searches."""

from __future__ import annotations

import xarray as xr

from kinetics.documents.content import Block, Document, Note, Section
from kinetics.documents.gathering.models import equations_section
from kinetics.documents.gathering.pictures import pictures
from kinetics.documents.gathering.predictions import facts_of
from kinetics.documents.gathering.provenance import provenance_section
from kinetics.estimate.petab import petab_summary
from kinetics.figures.petab_fit.draw import PetabFitFigure
from kinetics.model import Model
from kinetics.reports.petab import petab_estimates, petab_facts, petab_notes, petab_observables
from kinetics.text.numbers import count_text, number_text
from kinetics.text.tables import Table


def petab_document(tree: xr.DataTree, model: Model | None = None) -> Document:
    """The document of a fit of a PEtab problem, with the equations of ``model`` if that is given."""
    summary, facts = petab_summary(tree), facts_of(tree)
    parameters, measurements, observables = (
        count_text(number, noun)
        for number, noun in (
            (len(summary["estimates"]), "parameter"),
            (summary["measurements"], "measurement"),
            (len(summary["observables"]), "observable"),
        )
    )
    said = f"{parameters} estimated from {measurements} of {observables}: {', '.join(petab_facts(summary))}."
    notes = [Note(f"{text}.") for text in petab_notes(summary)]
    elsewhere = (
        f"The model, {facts['model']}, is in the files of the problem. Name the model file that 'kinetics import' "
        "makes of it, and its equations stand here."
    )
    equations = Section("Equations", [elsewhere])
    sections = [
        Section("Summary", [said, *notes]),
        Section("Data", [petab_observables(summary)]),
        equations if model is None else equations_section(model),
        Section("Parameters", [petab_estimates(summary), _bounds(summary["estimates"])]),
        Section("Agreement with the measurements", pictures(PetabFitFigure.without_file(), input=tree)),
        Section("Diagnostics", _searches(tree["searches"].to_dataset())),
        provenance_section(facts, None),
    ]
    name = str(facts["petab"])
    return Document(name, f"Problem of PEtab {summary['petab_version']}, model {facts['model']}", sections, ())


def _bounds(estimates: dict[str, dict[str, float]]) -> Table:
    rows = [
        [name, str(row["scale"]), number_text(row["lower_bound"]), number_text(row["upper_bound"])]
        for name, row in estimates.items()
    ]
    return Table("Bounds of the searches", ["parameter", "scale", "lower bound", "upper bound"], rows, (0, 1))


def _searches(searches: xr.Dataset) -> list[Block]:
    columns = (searches[name].values for name in ("log_posterior", "evaluations", "converged"))
    rows = [
        [str(number), f"{height:.6g}", str(int(evaluations)), "yes" if converged else "no"]
        for number, (height, evaluations, converged) in enumerate(zip(*columns, strict=True), start=1)
    ]
    return [Table("Searches", ["search", "log posterior", "evaluations", "converged"], rows, (0, 3))]
