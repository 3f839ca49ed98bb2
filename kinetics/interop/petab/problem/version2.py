"""Problems of PEtab 2."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kinetics.errors import Faults
from kinetics.interop.petab.problem.documents import Document
from kinetics.interop.petab.problem.observables import MEASUREMENTS_2, OBSERVABLES_2, measurement, observables_2
from kinetics.interop.petab.problem.parameters import COLUMNS_2, parameters_2
from kinetics.interop.petab.problem.problem import Experiment, Measurement, Period, PetabProblem
from kinetics.interop.petab.problem.tables import Row, read_rows
from kinetics.text.suggestions import did_you_mean

AS_IS = ""
"""The experiment of measurements that name none: the model as it is, from time 0 on."""
_REQUIRED = ("parameter_files", "observable_files", "measurement_files")
_OPTIONAL = ("condition_files", "experiment_files", "mapping_files")
_KEYS = ("format_version", "id", "model_files", *_REQUIRED, *_OPTIONAL, "extensions")
_Conditions = dict[str, dict[str, tuple[str, str]]]
"""By condition and target: the formula of the new value, and where it stands."""


def read_problem_2(document: Document, faults: Faults) -> PetabProblem | None:
    """The problem of a YAML file of version 2; None, and its faults, if a file of it is missing."""
    model, named = _model(document, faults), _named_files(document, faults)
    if model is None or not all(named[key] for key in _REQUIRED):
        return None
    parameters = parameters_2(read_rows(named["parameter_files"], COLUMNS_2, faults), faults)
    observables = observables_2(read_rows(named["observable_files"], OBSERVABLES_2, faults), faults)
    columns = ("conditionId", "targetId", "targetValue")
    conditions = _conditions(read_rows(named["condition_files"], columns, faults))
    columns = ("experimentId", "time", "conditionId")
    experiments = _experiments(read_rows(named["experiment_files"], columns, faults), conditions)
    entities = {
        row.identifier("petabEntityId"): row.text("modelEntityId")
        for row in read_rows(named["mapping_files"], ("petabEntityId", "modelEntityId"), faults)
    }
    measurements: list[Measurement] = []
    for row in read_rows(named["measurement_files"], MEASUREMENTS_2, faults):
        name = row.text("experimentId")
        if name == AS_IS:
            experiments.setdefault(AS_IS, Experiment(AS_IS, (Period(0.0, {}),)))
        elif name not in experiments:
            row.refuse(f"there is no experiment '{name:.40}'{did_you_mean(name, experiments)}", "experimentId")
        measurements.append(one := measurement(row, name, observables))
        starts = [period.start for period in experiments[name].periods] if name in experiments else []
        if (first := [start for start in starts if math.isfinite(start)][:1]) and one.time < first[0]:
            row.refuse(f"lies before time {first[0]:g}, at which the experiment starts", "time")
    return PetabProblem(
        path=document.path, model_path=model, version=2, parameters=parameters, observables=observables,
        experiments=experiments, measurements=tuple(measurements),
        entities={name: entity for name, entity in entities.items() if entity},
        files=(model, *(path for paths in named.values() for path in paths)),
    )  # fmt: skip


def _conditions(rows: Iterable[Row]) -> _Conditions:
    conditions: _Conditions = {}
    for row in rows:
        changes = conditions.setdefault(row.identifier("conditionId"), {})
        if (target := row.identifier("targetId")) in changes:
            row.refuse(f"gives '{target}' a value twice", "targetId")
        if not (value := row.text("targetValue")):
            row.refuse("missing", "targetValue")
        changes[target] = value, row.where
    return conditions


def _experiments(rows: Iterable[Row], conditions: _Conditions) -> dict[str, Experiment]:
    starts: dict[str, dict[float, dict[str, tuple[str, str]]]] = {}
    for row in rows:
        periods = starts.setdefault(row.identifier("experimentId"), {})
        changes = periods.setdefault(row.number("time", infinite=("-inf",)), {})
        if not (name := row.text("conditionId")):
            continue
        if name not in conditions:
            row.refuse(f"there is no condition '{name:.40}'{did_you_mean(name, conditions)}", "conditionId")
        for target, change in conditions.get(name, {}).items():
            if target in changes:
                row.refuse(f"'{target}' gets two values at the same time", "conditionId")
            changes[target] = change
    experiments: dict[str, Experiment] = {}
    for name, periods in starts.items():
        listed = [
            Period(
                start,
                {target: formula for target, (formula, _) in changes.items()},
                where={target: where for target, (_, where) in changes.items()},
            )
            for start, changes in sorted(periods.items())
        ]
        experiments[name] = Experiment(name, tuple(listed))
    return experiments


def _model(document: Document, faults: Faults) -> Path | None:
    models: Any = document.content.get("model_files")
    if not isinstance(models, dict) or len(models) != 1:
        said = "must name one model; problems of several models are not read"
        faults.add(said, document.where("model_files"), "model_files")
        return None
    name, model = next(iter(models.items()))
    keys = ("model_files", name)
    if not isinstance(model, dict):
        faults.add("must have a location and a language", document.where(*keys), name)
        return None
    if (language := model.get("language")) != "sbml":
        reason = "; such a model is a program, which is never run" if language == "pysb" else ""
        said = f"is '{language!s:.40}', but only 'sbml' is read{reason}"
        faults.add(said, document.where(*keys, "language"), "language")
        return None
    return document.file(model.get("location"), faults, *keys, "location")


def _named_files(document: Document, faults: Faults) -> dict[str, list[Path]]:
    for key in document.content:
        if key not in _KEYS:
            faults.add(f"unknown key{did_you_mean(key, _KEYS)}", document.where(key), key)
    named: dict[str, list[Path]] = {}
    for key in (*_REQUIRED, *_OPTIONAL):
        files = document.content.get(key, [])
        if not isinstance(files, list) or (not files and key in _REQUIRED):
            faults.add("must be a list of files", document.where(key), key)
            files = []
        found = [document.file(file, faults, key, index) for index, file in enumerate(files)]
        named[key] = [path for path in found if path is not None]
    extensions: Any = document.content.get("extensions") or {}
    for name, extension in extensions.items() if isinstance(extensions, dict) else ():
        if not isinstance(extension, dict) or extension.get("required") is not False:
            said = "an extension that the problem cannot do without, and that is not known here"
            faults.add(said, document.where("extensions", name), name)
    return named
