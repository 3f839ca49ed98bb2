"""The published rows of a fit problem against its model: targets of the typical patient, or of a population."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.compile import compile_model
from kinetics.errors import Faults, InputError
from kinetics.estimate.problem.schema import PopulationRow
from kinetics.files.library import path_from
from kinetics.files.rows import Reader
from kinetics.files.tables import PlacedRow, read_table
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.published import PublishedRow, RowInFit, Target, population_target, typical_target
from kinetics.regimen import Regimen, check_given_by_row
from kinetics.units import to_unit

__all__ = ["read_cohorts", "read_rows", "read_targets"]


def read_rows(reader: Reader, header: Mapping[str, Any]) -> list[PlacedRow[PublishedRow]]:
    """The rows of all tables; where the fit calibrates, the rows for calibration are fitted too."""
    placed: list[PlacedRow[PublishedRow]] = []
    for table in header["tables"] or ():
        with reader.at("fit", "tables") as noted:
            placed += read_table(reader.document.path.parent / table, PublishedRow, noted)
    if not header["calibrate"]:
        return placed
    return [
        replace(item, row=item.row.model_copy(update={"use": "fit"})) if item.row.use == "calibrate" else item
        for item in placed
    ]


def read_cohorts(
    model: Model | None,
    placed: Iterable[PlacedRow[PublishedRow]],
    fits_before: Callable[[Model, str], Sequence[str]],
    faults: Faults,
) -> dict[str, CohortParameters]:
    """The cohorts that rows name, with the estimates of the fits before; those that cannot be had are left out."""
    cohorts: dict[str, CohortParameters] = {}
    if model is None:
        return cohorts
    for item in placed:
        if (name := item.row.cohort) not in cohorts:
            with faults.gather(item.where, f"{item.row.name}.cohort"):
                cohorts[name] = cohort_parameters(model, name, fits=fits_before(model, name))
    return cohorts


def read_targets(
    reader: Reader,
    model: Model | None,
    placed: Sequence[PlacedRow[PublishedRow]],
    cohorts: Mapping[str, CohortParameters],
    header: Mapping[str, Any],
    population: PopulationRow | None,
) -> tuple[Target, ...]:
    """The targets of the rows that are right; without a model only what rows name is checked.

    A fit of the typical patient leaves out shares of patients that are not for fitting.
    """
    faults = reader.faults
    if not any(item.row.use == "fit" for item in placed) and not len(faults):
        reader.add("no row is for fitting (use = fit)", "fit", "tables")
    regimens = _regimens(placed, faults)
    if model is None:
        return ()
    horizon = math.inf
    with reader.at("fit", "horizon"):
        if header["horizon"] is not None and (horizon := to_unit(header["horizon"], model.time)) <= 0:
            raise InputError("must be a positive duration")
    baselines = {name: _baseline(model, cohort) for name, cohort in cohorts.items()}
    load_visits = cache(VisitSchedule.load)
    targets: list[Target] = []
    first: dict[str, str] = {}
    for item in placed:
        row, regimen = item.row, regimens.get(item)
        if first.setdefault(row.name, item.where) != item.where:
            faults.add(f"duplicate name: also at {first[row.name]}", item.where, row.name)
        with faults.gather(item.where, row.name):
            if regimen is None or row.cohort not in baselines:
                continue
            if regimen.rules:
                raise InputError(f"regimen '{regimen.name}' has rules; a fit needs doses at times known beforehand")
            check_given_by_row(regimen, model)
            if population is not None:
                visits = None if row.visits is None else load_visits(path_from(item.path, row.visits))
                if visits is not None:
                    visits.check_outputs(model)
                targets.append(population_target(RowInFit(row, model, regimen, horizon, visits)))
            elif not row.of_patients:
                entry = RowInFit(row, model, regimen, horizon, baseline=baselines[row.cohort])
                targets.append(typical_target(entry, float(header["discrepancy"] or 0)))
            elif row.use == "fit":
                raise InputError("a share of patients needs a population; give the fit a table [population]")
    return tuple(targets)


def _regimens(placed: Iterable[PlacedRow[PublishedRow]], faults: Faults) -> dict[PlacedRow[PublishedRow], Regimen]:
    """The regimen of every row, each file read once."""
    load = cache(Regimen.load)
    regimens: dict[PlacedRow[PublishedRow], Regimen] = {}
    for item in placed:
        with faults.gather(item.where, f"{item.row.name}.regimen"):
            regimens[item] = load(path_from(item.path, item.row.regimen))
    return regimens


def _baseline(model: Model, cohort: CohortParameters) -> np.ndarray:
    """The outputs before treatment, (output,), in the model's units."""
    system = compile_model(model)
    constants = system.constants(system.parameter_array(cohort.values))
    return system.functions.outputs(system.functions.initial(constants), constants)
