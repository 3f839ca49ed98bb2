"""What a document says of the model of a result: equations, quantities, parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from kinetics.cohorts import parameter_table
from kinetics.documents.content import Block, Section
from kinetics.documents.formulas import formulas_of, symbols_of
from kinetics.documents.gathering.bibliography import Bibliography
from kinetics.documents.gathering.labels import Labels
from kinetics.errors import Fault, InputError
from kinetics.model import Model
from kinetics.text.escaping import one_space
from kinetics.text.tables import Table
from kinetics.units import written_unit


def model_of(facts: Mapping[Any, Any], model: Model | None) -> Model:
    """The model of a result: one that is given, or the one that the result names.

    An `InputError` if that does not ship, or the one that is given is another.
    """
    name = str(facts["model"])
    if model is not None:
        if facts.get("model_hash") not in (None, model.content_hash) and model.name != Path(name).stem:
            raise InputError(Fault(f"the result is of model '{name}'; found {model.name}", name="model"))
        return model
    try:
        return Model.load(name)
    except InputError as error:
        message = f"the result is of model '{name}', which does not ship; name its file"
        raise InputError(Fault(message, name="model")) from error


def equations_section(model: Model) -> Section:
    """The equations, and what the quantities in them are."""
    symbols = symbols_of(model)
    rows = [
        [symbols[name], name, kind, written_unit(row.unit), one_space(row.about)]
        for kind, table in (("state", model.states), ("input", model.inputs), ("output", model.outputs))
        for name, row in table.items()
    ]
    about = [one_space(model.about)] if model.about else []
    time = f"Model {model.name}: {one_space(model.title)}. The unit of time t is one {written_unit(model.time)}."
    quantities = Table("Quantities in the equations", ["symbol", "name", "kind", "unit", "meaning"], rows, range(5))
    return Section("Equations", [time, *about, quantities, *formulas_of(model)])


def parameters_table(model: Model, cohort: str | None, bibliography: Bibliography, free: Collection[str] = ()) -> Table:
    """Every parameter with its value, unit and source; a fit estimates those that are ``free`` instead."""
    symbols, rows = symbols_of(model), []
    for row in parameter_table(model, cohort):
        spread = " ".join(filter(None, ("" if row.spread is None else f"{row.spread:g}", row.distribution)))
        source = bibliography.cite_source(row.publication) if row.publication else row.source
        value, source = ("estimated", "this fit") if row.name in free else (f"{row.value:.6g}", source)
        unit = row.unit or "1"
        rows.append([symbols[row.name], row.name, value, unit, spread or "-", source, one_space(row.about)])
    head = ["symbol", "parameter", "value", "unit", "spread between patients", "source", "meaning"]
    note = "Spread: standard deviation of the logarithm between patients, unless a distribution is named."
    return Table(f"Parameters, {Labels(model).cohort(cohort)}", head, rows, (0, 1, 3, 4, 5, 6), note)


def parameters_section(model: Model, cohort: str | None, bibliography: Bibliography, *first: Block) -> Section:
    """Parameters that were estimated, then all of the model."""
    return Section("Parameters", [*Labels(model).blocks(first), parameters_table(model, cohort, bibliography)])
