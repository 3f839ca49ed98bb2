"""The command line and the Python that repeat what a page shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from kinetics.explorer.regimens import number_of
from kinetics.explorer.state import Scenario, State
from kinetics.model import Model
from kinetics.units import unit_text

ENGINE = "batch"
"""The engine of the page, named so that a command gives the same digits."""
_STEPS = 400


def every(state: State) -> str:
    """The step of the outputs: fine enough that a curve is smooth.

    >>> every(State(model="m", until=60.0, outputs=("A",), scenarios=(Scenario(name="a"),)))
    '0.15 month'
    """
    return f"{number_of(state.until / _STEPS)} month"


def file_name(scenario: Scenario) -> str:
    """The file of the regimen of a scenario.

    >>> file_name(Scenario(name="One course; 12 mg"))
    'one_course_12_mg.toml'
    """
    return f"{re.sub(r'[^a-z0-9]+', '_', scenario.name.lower()).strip('_') or 'scenario'}.toml"


def file_names(state: State) -> list[str]:
    """The file of each scenario's regimen, none twice."""
    names = list[str]()
    for number, scenario in enumerate(state.scenarios, 1):
        name = file_name(scenario)
        names.append(name if name not in names else f"{name.removesuffix('.toml')}_{number}.toml")
    return names


def settings(scenario: Scenario, model: Model) -> dict[str, str]:
    """The values that differ from the cohort's, as quantities by flat name."""
    units: Mapping[str, str] = {
        name: unit_text(row.unit) for name, row in (*model.parameters.items(), *model.inputs.items())
    }
    flat = {model.flat_name(name): value for name, value in scenario.parameters.items()}
    return {name: f"{number_of(value)} {units[name]}" for name, value in flat.items()}


def command_lines(state: State, model: Model) -> str:
    """One ``kinetics simulate`` a scenario, beside the regimen files that the page writes."""
    lines = list[str]()
    for scenario, file in zip(state.scenarios, file_names(state), strict=True):
        words = ["kinetics", "simulate", model.reference]
        words += ["--cohort", scenario.cohort] if scenario.cohort else []
        words += ["--regimen", file] if scenario.is_treated else []
        words += ["--until", f"{number_of(state.until)} month", "--every", every(state)]
        for name, value in settings(scenario, model).items():
            words += ["--set", f"{name}={value}"]
        words += ["--patients", str(state.patients), "--seed", str(state.seed)] if state.patients else []
        lines.append(shlex.join([*words, "--engine", ENGINE, "--out", file.replace(".toml", ".nc")]))
    return "\n".join(lines) + "\n"


def python_code(state: State, model: Model) -> str:
    """A script that simulates every scenario, beside the regimen files that the page writes."""
    lines = ["import kinetics", "", "results = {}"]
    for scenario, file in zip(state.scenarios, file_names(state), strict=True):
        arguments = {"until": f"{number_of(state.until)} month", "every": every(state)}
        arguments |= {"cohort": scenario.cohort} if scenario.cohort else {}
        arguments |= {"parameters": changes} if (changes := settings(scenario, model)) else {}
        arguments |= {"patients": state.patients, "seed": state.seed} if state.patients else {}
        arguments |= {"measures": "recovery"} if scenario.doses else {}
        arguments |= {"engine": ENGINE}
        regimen = repr(f"./{file}") if scenario.is_treated else "None"
        lines += [f"results[{scenario.name!r}] = kinetics.simulate(", f"    {model.reference!r},", f"    {regimen},"]
        lines += [*(f"    {name}={value!r}," for name, value in arguments.items()), ")"]
    lines += ["for name, result in results.items():", "    print(name)"]
    if all(scenario.doses for scenario in state.scenarios):
        lines.append("    print(kinetics.recovery(result))")
    else:
        lines.append("    print(result)")
    return "\n".join(lines) + "\n"
