"""Problems of PEtab 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinetics.errors import Faults
from kinetics.interop.petab.problem.documents import Document
from kinetics.interop.petab.problem.observables import MEASUREMENTS_1, OBSERVABLES_1, measurement, observables_1
from kinetics.interop.petab.problem.parameters import COLUMNS_1, parameters_1
from kinetics.interop.petab.problem.problem import STEADY, Experiment, Measurement, Period, PetabProblem
from kinetics.interop.petab.problem.tables import Row, read_rows
from kinetics.text.suggestions import did_you_mean

_KEYS = ("format_version", "parameter_file", "problems", "id", "extensions")
_FILES = ("condition_files", "measurement_files", "observable_files", "sbml_files", "visualization_files")


def read_problem_1(document: Document, faults: Faults) -> PetabProblem | None:
    """The problem of a YAML file of version 1; None, and its faults, if a file of it is missing."""
    named = _named_files(document, faults)
    if named is None:
        return None
    parameters = parameters_1(read_rows(named["parameter_files"], COLUMNS_1, faults), faults)
    observables = observables_1(read_rows(named["observable_files"], OBSERVABLES_1, faults), faults)
    conditions: dict[str, Row] = {}
    for row in read_rows(named["condition_files"], ("conditionId",), faults):
        if (name := row.identifier("conditionId")) in conditions:
            faults.add("duplicate id", row.where, name)
        conditions[name] = row
    experiments: dict[str, Experiment] = {}
    measurements: list[Measurement] = []
    for row in read_rows(named["measurement_files"], MEASUREMENTS_1, faults):
        before, during = row.text("preequilibrationConditionId"), row.text("simulationConditionId")
        known = [_is_known(row, column, conditions) for column in _CONDITIONS if row.text(column) or column == _DURING]
        name = f"{before}+{during}" if before else during
        if all(known) and name not in experiments:
            periods = [_period(conditions[before], STEADY)] if before else []
            experiments[name] = Experiment(name, (*periods, _period(conditions[during], 0.0)))
        measurements.append(measurement(row, name, observables))
        if not math.isnan(measurements[-1].time) and measurements[-1].time < 0:
            row.refuse("lies before time 0, at which a simulation starts", "time")
    return PetabProblem(
        path=document.path, model_path=named["sbml_files"][0], version=1, parameters=parameters,
        observables=observables, experiments=experiments, measurements=tuple(measurements), entities={},
        files=tuple(path for paths in named.values() for path in paths),
    )  # fmt: skip


_DURING = "simulationConditionId"
_CONDITIONS = ("preequilibrationConditionId", _DURING)


def _is_known(row: Row, column: str, conditions: Mapping[str, Row]) -> bool:
    name = row.text(column)
    if name in conditions:
        return True
    row.refuse(f"there is no condition '{name:.40}'{did_you_mean(name, conditions)}" if name else "missing", column)
    return False


def _period(row: Row, start: float) -> Period:
    """A condition as a period; an entity that is not a number goes back to its value in the model."""
    columns = [column for column in row.cells if column not in ("conditionId", "conditionName", "")]
    default = [column for column in columns if row.cells[column].lower() in ("nan", "")]
    given = {column: row.cells[column] for column in columns if column not in default}
    return Period(start, given, tuple(default), dict.fromkeys(columns, row.where))


def _named_files(document: Document, faults: Faults) -> dict[str, list[Path]] | None:
    content = document.content
    for key in content:
        if key not in _KEYS:
            faults.add(f"unknown key{did_you_mean(key, _KEYS)}", document.where(key), key)
    problems = content.get("problems")
    if not isinstance(problems, list) or len(problems) != 1 or not isinstance(problems[0], dict):
        said = "must be a list of one problem; problems of several models are not read"
        faults.add(said, document.where("problems"), "problems")
        return None
    parameter_files: Any = content.get("parameter_file", [])
    parameter_files = parameter_files if isinstance(parameter_files, list) else [parameter_files]
    paths = [document.file(file, faults, "parameter_file") for file in parameter_files]
    if not paths:
        faults.add("missing", document.where(), "parameter_file")
    named = {"parameter_files": [path for path in paths if path is not None]}
    for key in problems[0]:
        if key not in _FILES:
            said = "only models in SBML are read" if key == "model_files" else f"unknown key{did_you_mean(key, _FILES)}"
            faults.add(said, document.where("problems", 0, key), key)
    for key in _FILES[:-1]:
        files = problems[0].get(key)
        if not isinstance(files, list) or not files:
            faults.add("must be a list of files", document.where("problems", 0, key), key)
            continue
        found = [document.file(file, faults, "problems", 0, key, index) for index, file in enumerate(files)]
        named[key] = [path for path in found if path is not None]
    if len(named.get("sbml_files", [])) > 1:
        faults.add("must be one model", document.where("problems", 0, "sbml_files"), "sbml_files")
    return named if set(_FILES[:-1]) <= named.keys() and all(named.values()) else None
