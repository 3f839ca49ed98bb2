"""What is explored: a model, a result or the counts of patients, and the state that a page starts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import xarray as xr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import is_typical
from kinetics.comparison import read_comparison
from kinetics.errors import Fault, InputError
from kinetics.estimate import Estimates, Fit
from kinetics.explorer.histories import histories_of
from kinetics.explorer.regimens import doses_of, rules_named
from kinetics.explorer.state import Scenario, State
from kinetics.files.arguments import loaded, naming
from kinetics.files.kinds import file_of_kind, files_of, kind_text
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.patients import DataMapping, PatientData, read_patients
from kinetics.results import read_result

if TYPE_CHECKING:
    from kinetics.regimen import Regimen

Explorable: TypeAlias = Model | Estimates | Fit | xr.Dataset | xr.DataTree | PatientData | str | Path
_KINDS = ("model", "result", "fit", "dataset", "patients")
_OUTPUTS = 4
"""Panels at the start."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What is explored.

    Parameters
    ----------
    model : Model
        Whose equations are integrated.
    state : State
        What a page starts with.
    data : PatientData, optional
        Counts to show as points.
    suggested : tuple of str
        Parameters whose sliders a page starts with, by flat name.
    """

    model: Model
    state: State
    data: PatientData | None
    suggested: tuple[str, ...]


def read_subject(
    subject: Explorable | None,
    *,
    model: Model | str | Path | None = None,
    cohort: str | None = None,
    regimen: Regimen | str | Path | None = None,
) -> Subject:
    """What a subject stands for; arguments and errors as of `kinetics.explore`."""
    source = _loaded(subject)
    data = source if isinstance(source, PatientData) else None
    doses, rules, changes = (), "", dict[str, float]()
    if isinstance(source, Estimates):
        chosen = _model(model, source.model)
        cohort = cohort or source.cohort
        changes = _changes(source, chosen, cohort)
    elif isinstance(source, xr.Dataset):
        chosen = _model(model, source.attrs.get("model"))
        cohort = cohort or source.attrs.get("cohort")
        regimen = regimen if regimen is not None else _regimen_of_result(source)
    elif isinstance(source, Model):
        chosen = source
    else:
        model = model or _model_of_table(source)
        comparison = None if model is not None else read_comparison()
        chosen = _model(model, None if comparison is None else comparison.model)
        cohort = cohort or (None if comparison is None else comparison.header.cohort)
        if isinstance(source, _Table):
            data = read_patients(source.path, model=chosen)
    with naming("cohort"):
        parameters = cohort_parameters(chosen, cohort)
    if regimen is not None:
        from kinetics.regimen import Regimen as Kind

        with naming("regimen"):
            chosen_regimen = loaded("regimen", regimen, Kind)
            doses, rules = doses_of(chosen_regimen), rules_named(chosen_regimen)
    elif data is not None and len(data) == 1:
        doses = histories_of(data).get(data.ids[0], ())
    scenario = Scenario(name="Scenario 1", cohort=cohort or "", parameters=changes, doses=doses, rules=rules)
    state = State(model=chosen.reference, outputs=_outputs(chosen, data), scenarios=(scenario,))
    suggested = [*changes, *(name for name in parameters.estimated if name in chosen.parameters)]
    return Subject(chosen, state, data, tuple(dict.fromkeys(suggested))[:_OUTPUTS])


@dataclass(frozen=True)
class _Table:
    """A table of patients that waits for its model."""

    path: Path


def _model_of_table(source: object) -> str | Path | None:
    """The model that a mapping of tables names."""
    if not isinstance(source, _Table) or source.path.suffix != ".toml":
        return None
    mapping = DataMapping.load(source.path)
    return mapping.named_file("model") if mapping.patients.model else None


def _loaded(subject: object) -> Model | Estimates | xr.Dataset | PatientData | _Table | None:
    if isinstance(subject, Fit):
        return subject.estimates
    if isinstance(subject, xr.DataTree):
        return _of_tree(subject)
    if subject is None or isinstance(subject, Model | Estimates | xr.Dataset | PatientData):
        return subject
    if not isinstance(subject, str | Path):
        raise InputError(Fault(f"must be a model, a result, patients, or a name or path of them; found {subject!r:.60}",
                               name="subject"))  # fmt: skip
    with naming("subject"):
        found = file_of_kind(subject, _KINDS)
        if found is None:
            kind = files_of(subject)[0][0]
            wanted = "a model, a fit, a result or a table of patients is needed"
            raise InputError(f"{wanted}; '{subject}' is {kind_text(kind)}")
        kind, path = found
        if kind == "model":
            return Model.load(subject)
        if kind in ("result", "fit"):
            return Estimates.load(subject if kind == "fit" else path)
        return _Table(path) if kind == "patients" else _of_tree(read_result(path))


def _of_tree(tree: xr.DataTree) -> Estimates | xr.Dataset:
    """The typical run of a simulation or a prediction; or the estimates of a fit."""
    root = tree.to_dataset()
    return root if "time" in root.coords and "model" in root.attrs else Estimates.from_tree(tree)


def _model(stated: Model | str | Path | None, known: Model | str | None) -> Model:
    if stated is None and known is None:
        raise InputError(Fault("the result does not say which; give it", name="model"))
    return loaded("model", known if stated is None else stated, Model)


def _changes(estimates: Estimates, model: Model, cohort: str | None) -> dict[str, float]:
    """The estimates of a fit that the cohort does not have yet: of a fit that is not committed."""
    values: Mapping[str, float] = cohort_parameters(model, cohort).values
    found = {name: value for name, value in estimates.by_flat_name(model).items() if is_typical(name)}
    return {name: value for name, value in found.items() if abs(value - values[name]) > 1e-9 * abs(value)}


def _regimen_of_result(result: xr.Dataset) -> Regimen | None:
    """The regimen that a result names, if it ships and is still the same; None if no drug was given."""
    from kinetics.regimen import Regimen

    name = str(result.attrs.get("regimen") or "")
    if name not in library_names("models/regimens"):
        if not result.sizes.get("course"):
            return None
        raise InputError(Fault(f"the result is of '{name:.80}', which does not ship; give the regimen", name="regimen"))
    regimen = Regimen.load(name)
    if regimen.content_hash != result.attrs.get("regimen_hash"):
        raise InputError(Fault(f"'{name}' has changed since the result; give the regimen", name="regimen"))
    return regimen


def _outputs(model: Model, data: PatientData | None) -> tuple[str, ...]:
    """The outputs of the data, then those with a lower limit of normal, then others; a few."""
    measured = [name for name in model.outputs if data is not None and name in data.outputs]
    limited = [name for name, output in model.outputs.items() if output.lower_limit is not None]
    other = [name for name, output in model.outputs.items() if not output.exploratory]
    chosen = dict.fromkeys([*measured, *limited] or other or list(model.outputs))
    if not chosen:
        raise InputError(Fault(f"'{model.name}' has no output to show; explore one that has", name="model"))
    return tuple(chosen)[:_OUTPUTS]
