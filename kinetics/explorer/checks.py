"""A state against the model that is explored: every name, number and dose that it cannot take."""

from __future__ import annotations

from kinetics.errors import Faults
from kinetics.explorer.regimens import number_of, regimen_of
from kinetics.explorer.state import Scenario, State
from kinetics.model import Model
from kinetics.population.run_parameters import parameter_values
from kinetics.regimen import Regimen, check_accepted
from kinetics.text.suggestions import did_you_mean
from kinetics.units import to_unit


def check_state(state: State, model: Model) -> None:
    """Check that a model can show a state.

    Raises
    ------
    InputError
        With everything that is wrong, each under its path, such as ``scenarios.0.cohort``.
    """
    faults = Faults()
    if state.model != model.reference:
        message = f"is of model '{state.model:.80}', and this page shows '{model.name}'; open it with that model"
        faults.add(message, name="model")
        faults.raise_if_any()
    for number, name in enumerate(state.outputs):
        if name not in model.outputs:
            hint = did_you_mean(name, model.outputs) or f"; there are {', '.join(model.outputs)}"
            faults.add(f"the model has no output '{name}'{hint}", name=f"outputs.{number}")
    for number, scenario in enumerate(state.scenarios):
        with faults.gather() as own:
            _check_scenario(scenario, state, model, f"scenarios.{number}", own)
    faults.raise_if_any()


def _check_scenario(scenario: Scenario, state: State, model: Model, path: str, faults: Faults) -> None:
    if scenario.cohort and scenario.cohort not in model.cohorts:
        hint = did_you_mean(scenario.cohort, model.cohorts) or f"; there are {', '.join(model.cohorts) or 'none'}"
        faults.add(f"the model has no cohort '{scenario.cohort}'{hint}", name=f"{path}.cohort")
    found = Faults()
    with found.gather():
        parameter_values(model, scenario.parameters)
    for fault in found:
        faults.add(fault.message, name=f"{path}.parameters.{fault.name}")
    regimen, found = None, Faults()
    with found.gather():
        regimen = regimen_of(scenario)
    if regimen is not None:
        _check_doses(scenario, state, model, found)
    for fault in found:
        faults.add(fault.message, name=f"{path}.{fault.name or 'doses'}")


def _check_doses(scenario: Scenario, state: State, model: Model, faults: Faults) -> None:
    """Each row for itself, so that a fault is of its row; then all together."""
    until = to_unit(f"{number_of(state.until)} month", model.time)
    for number, row in enumerate(scenario.doses):
        if row.month >= state.until:
            message = f"starts at month {row.month:g}, and the page ends at month {state.until:g}"
            faults.add(message, name=f"doses.{number}.month")
        alone = regimen_of(scenario.model_copy(update={"doses": (row,), "rules": ""}))
        _check_accepted(alone, model, until, faults, f"doses.{number}")
    if not len(faults):
        _check_accepted(regimen_of(scenario.model_copy(update={"rules": ""})), model, until, faults, "doses")
    if scenario.rules and not len(faults):
        _check_accepted(regimen_of(scenario), model, until, faults, "rules")


def _check_accepted(regimen: Regimen, model: Model, until: float, faults: Faults, path: str) -> None:
    found = Faults()
    with found.gather():
        check_accepted(regimen, model, until)
    for fault in found:
        faults.add(fault.message, name=path)
