"""The parameters that a clinic estimates: rows of ``[parameters]`` against the model and the cohort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from kinetics.cohorts.cohort import CohortParameters
from kinetics.errors import Faults, InputError
from kinetics.files.rows import Reader, as_table, dotted_rows
from kinetics.mixed_effects import Identity, IndividualParameter, Logarithm, Logit
from kinetics.mixed_effects.model.transforms import Transform
from kinetics.model import Model
from kinetics.model.ranges import logit_bounds, out_of_range
from kinetics.patients.clinic.problem.schema import ParameterRow
from kinetics.units import Unit, parse_unit, read_number, to_unit

ONE = parse_unit("1")
OF_LOGARITHMS, IN_UNITS = (1e-6, 100.0), (1e-100, 1e100)
"""The least and the largest spread to start from: of logarithms and logits, and of a normal parameter, in its unit."""


@dataclass(frozen=True)
class EstimatedParameter:
    """A parameter whose typical value is estimated.

    Parameters
    ----------
    name, flat : str
        As written, perhaps with a dot, and as the model has it.
    unit : pint.Unit
        The model's.
    start : float
        Where the typical value starts, in that unit.
    distribution : {"log_normal", "logit_normal", "normal"}
        How patients differ.
    bounds : (float, float)
        Of a logit-normal one, in the unit.
    spread : float
        Where the standard deviation between patients starts, of the logarithm, of the logit, or in the unit; 0 for a
        parameter in which patients do not differ.
    occasion_spread : float
        The same between the occasions of a patient.
    """

    name: str
    flat: str
    unit: Unit
    start: float
    distribution: str
    bounds: tuple[float, float]
    spread: float
    occasion_spread: float = 0.0

    @property
    def transform(self) -> Transform:
        """To the scale on which patients are normally distributed."""
        match self.distribution:
            case "logit_normal":
                return Logit(*self.bounds)
            case "normal":
                return Identity()
            case _:
                return Logarithm()

    def individual(self, covariates: tuple[str, ...]) -> IndividualParameter:
        """The same for a mixed effects model, with the covariates that change it."""
        return IndividualParameter(self.flat, self.transform, covariates)


def read_parameters(
    reader: Reader, model: Model | None, cohort: CohortParameters | None
) -> tuple[EstimatedParameter, ...]:
    """The rows of ``[parameters]``; without the table, the parameters in which the patients of the cohort differ."""
    table = reader.document.data.get("parameters")
    if table is None:
        return () if model is None or cohort is None else _of_cohort(reader, model, cohort)
    if not isinstance(table, dict) or not table:
        reader.add("must be a table with a row for each parameter that is estimated", "parameters")
        return ()
    rows: dict[str, EstimatedParameter] = {}
    known = () if model is None else model.parameters
    for path, data in dotted_rows(_filled(as_table(table)), known, ParameterRow.model_fields):
        row, name = reader.row(ParameterRow, data, "parameters", *path), ".".join(path)
        with reader.at("parameters", *path):
            if model is None:
                continue
            flat = model.flat_name(name)
            if flat in rows:
                raise InputError(f"duplicate: '{rows[flat].name}' is the same parameter")
            if flat not in model.parameters:
                raise InputError("is an input; only parameters are estimated")
            if row is not None and cohort is not None:
                rows[flat] = estimated(model, cohort, name, row)
    return tuple(rows.values())


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    """The same with a key in each empty row, without which it would be no row."""
    return {key: (_filled(row) or {"start": None}) if isinstance(row, dict) else row for key, row in table.items()}


def _of_cohort(reader: Reader, model: Model, cohort: CohortParameters) -> tuple[EstimatedParameter, ...]:
    varying = [name for name, spread in cohort.spreads.items() if spread and name in model.parameters]
    if not varying:
        reader.add("no parameters: the patients of the cohort do not differ; add [parameters]", "parameters")
    return tuple(estimated(model, cohort, name, ParameterRow()) for name in varying)


def estimated(model: Model, cohort: CohortParameters, name: str, row: ParameterRow) -> EstimatedParameter:
    """One row; what it does not state is the cohort's. `InputError` with all that is wrong."""
    flat, faults = model.flat_name(name), Faults()
    declared = model.parameters[flat]
    own = cohort.distributions.get(flat, "log_normal")
    distribution, unit = row.distribution or own, declared.unit or ONE
    spread = row.spread
    if spread is None:
        spread = cohort.spreads.get(flat) if distribution == own else None
    if own == "categories" and row.distribution is None:
        faults.add("is of categories; it is not estimated")
    elif spread is None:
        faults.add("patients of the cohort do not differ in it so; state a spread to start from, or 0 for none")
    start = cohort.values[flat]
    with faults.gather(name=f"parameters.{name}.start"):
        start = start if row.start is None else quantity_or_number(row.start, unit)
    changed = replace(declared, value=start, distribution=distribution, spread=spread or None, shares=None)
    for message in [*out_of_range(changed, start)] or _not_positive(distribution, start):
        faults.add(f"starts out of range: {message}", name=f"parameters.{name}.start")
    for key, value in (("spread", spread), ("occasion_spread", row.occasion_spread)):
        least, most = IN_UNITS if distribution == "normal" else OF_LOGARITHMS
        if value and not least <= value <= most:
            faults.add(f"must be from {least:g} to {most:g}, found {value:g}", name=f"parameters.{name}.{key}")
    faults.raise_if_any()
    spreads = float(spread or 0), float(row.occasion_spread or 0)
    return EstimatedParameter(name, flat, unit, start, distribution, logit_bounds(declared), *spreads)


def quantity_or_number(text: str, unit: Unit) -> float:
    """A quantity in a unit; a number alone where the unit is 1."""
    number = read_number(text) if unit == ONE else None
    return to_unit(text, unit) if number is None else number


def _not_positive(distribution: str, start: float) -> Iterator[str]:
    if distribution == "log_normal" and not start > 0:
        yield f"is {start:g}, but a log-normal parameter must be positive"
