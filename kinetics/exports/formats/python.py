"""A model as a Python module that needs NumPy alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kinetics.exports.formats.infix import PYTHON, infix
from kinetics.model import Model
from kinetics.units import unit_text

_HEAD = '''"""{title}

Time is in {time}. `rates` is what a solver of ordinary differential equations takes:

    from scipy.integrate import solve_ivp
    solution = solve_ivp(rates, (0, 100), initial(), method="LSODA", rtol=1e-9, atol=1e-12)
    curves = outputs(solution.t, solution.y)
"""

import numpy as np
'''
_FACTORIAL = """import math

import numpy as np

factorial = np.vectorize(lambda number: math.gamma(number + 1.0), otypes=[float])
"""


def python_text(model: Model) -> str:
    """A model as the text of a module: its numbers with units, `initial`, `rates`, `outputs`.

    The module executes nothing but these definitions. Doses and events are not in it: add an amount to its state
    between two calls of a solver.
    """
    head = _HEAD.format(title=_plain(model.title or model.name), time=unit_text(model.time) or "1")
    parts = [
        head,
        _table("PARAMETERS", model.defaults, {n: r.unit for n, r in {**model.parameters, **model.inputs}.items()}),
        _names("STATES", {name: row.unit for name, row in model.states.items()}),
        _names("OUTPUTS", {name: row.unit for name, row in model.outputs.items()}),
        _function(model, "initial", "parameters=None", "The states at time 0, (state,).", _initial(model)),
        _function(
            model, "rates", "time, states, parameters=None",
            "Rates of the states, (state,) or (state, time), per unit of time.", _rates(model),
        ),
        _function(
            model, "outputs", "time, states, parameters=None",
            "Outputs by name, each as long as `time`, for states (state, time).", _outputs(model),
        ),
    ]  # fmt: skip
    text = "\n\n".join(parts) + "\n"
    return text.replace("import numpy as np\n", _FACTORIAL, 1) if "factorial(" in text else text


def _plain(text: str) -> str:
    """A text that ends no docstring and escapes nothing."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())


def _table(name: str, values: Mapping[str, float], units: Mapping[str, Any]) -> str:
    lines = [f"    {key!r}: {value!r},  # {unit_text(units[key]) or '1'}" for key, value in values.items()]
    return "\n".join([f"{name} = {{", *lines, "}"])


def _names(name: str, units: Mapping[str, Any]) -> str:
    lines = [f"    {key!r},  # {unit_text(unit) or '1'}" for key, unit in units.items()]
    return "\n".join([f"{name} = (", *lines, ")"])


def _function(model: Model, name: str, arguments: str, about: str, body: Iterator[str]) -> str:
    lines = [f"def {name}({arguments}):", f'    """{about}"""', "    values = {**PARAMETERS, **(parameters or {})}"]
    lines += [f"    {key} = values[{key!r}]" for key in model.defaults]
    return "\n".join([*lines, *(f"    {line}" for line in body)])


def _assigned(model: Model, names: Iterator[str] | list[str]) -> Iterator[str]:
    yield from (f"{name} = {infix(model.definitions[name].value, PYTHON)}" for name in names)


def _initial(model: Model) -> Iterator[str]:
    yield from _assigned(model, list(model.constants))
    values = ", ".join(infix(row.initial, PYTHON) for row in model.states.values())
    yield f"return np.array([{values}], dtype=float)"


def _rates(model: Model) -> Iterator[str]:
    yield f"{', '.join(model.states)}, = states"
    yield from _assigned(model, list(model.order))
    values = ", ".join(f"{infix(row.rate, PYTHON)}" for row in model.states.values())
    yield f"return np.array(np.broadcast_arrays({values}, {next(iter(model.states))})[:-1], dtype=float)"


def _outputs(model: Model) -> Iterator[str]:
    yield f"{', '.join(model.states)}, = np.asarray(states, dtype=float)"
    yield from _assigned(model, list(model.order))
    first = next(iter(model.states))
    pairs = ", ".join(f"{name!r}: {name} + 0 * {first}" for name in model.outputs)
    yield f"return {{{pairs}}}"
