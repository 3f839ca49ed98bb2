"""A model as a Python module that needs NumPy alone."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kinetics.errors import InputError
from kinetics.exports.formats.infix import PYTHON, infix
from kinetics.exports.formats.names import Names
from kinetics.model import Model
from kinetics.text.lists import listed
from kinetics.units import unit_text

_OWN_NAMES = "PARAMETERS factorial float math np parameters states time values"
"""What the module itself calls so."""
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

    The module executes nothing but these definitions. Doses are not in it: add an amount to its state between two
    calls of a solver.

    Raises
    ------
    InputError
        If the model has events: a module without them would be another model.
    """
    if model.events:
        raise InputError(
            f"python has no events, and the model has {listed(model.events)}; write it as sbml or antimony"
        )
    return _Writer(model).text()


class _Writer:
    def __init__(self, model: Model) -> None:
        self._model, self._names = model, Names.of(model, {*keyword.kwlist, *_OWN_NAMES.split()}).quantities
        self._states = ", ".join(self._names[name] for name in model.states)
        self._first = self._names[next(iter(model.states))]

    def text(self) -> str:
        model = self._model
        rows = {**model.parameters, **model.inputs}
        parts = [
            _HEAD.format(title=_plain(model.title or model.name), time=unit_text(model.time) or "1"),
            _table("PARAMETERS", model.defaults, {name: row.unit for name, row in rows.items()}),
            _listed("STATES", {name: row.unit for name, row in model.states.items()}),
            _listed("OUTPUTS", {name: row.unit for name, row in model.outputs.items()}),
            self._function("initial", "parameters=None", "The states at time 0, (state,).", self._initial()),
            self._function(
                "rates", "time, states, parameters=None",
                "Rates of the states, (state,) or (state, time), per unit of time.", self._rates(),
            ),
            self._function(
                "outputs", "time, states, parameters=None",
                "Outputs by name, each as long as `time`, for states (state, time).", self._outputs(),
            ),
        ]  # fmt: skip
        text = "\n\n".join(parts) + "\n"
        return text.replace("import numpy as np\n", _FACTORIAL, 1) if "factorial(" in text else text

    def _infix(self, expression: Any) -> str:
        return infix(expression, PYTHON, self._names)

    def _function(self, name: str, arguments: str, about: str, body: Iterator[str]) -> str:
        lines = [f"def {name}({arguments}):", f'    """{about}"""']
        lines += ["    values = {**PARAMETERS, **(parameters or {})}"]
        lines += [f"    {self._names[key]} = values[{key!r}]" for key in self._model.defaults]
        return "\n".join([*lines, *(f"    {line}" for line in body)])

    def _assigned(self, names: Sequence[str]) -> Iterator[str]:
        definitions = self._model.definitions
        yield from (f"{self._names[name]} = {self._infix(definitions[name].value)}" for name in names)

    def _initial(self) -> Iterator[str]:
        yield from self._assigned(self._model.constants)
        values = ", ".join(self._infix(row.initial) for row in self._model.states.values())
        yield f"return np.array([{values}], dtype=float)"

    def _rates(self) -> Iterator[str]:
        yield f"{self._states}, = states"
        yield from self._assigned(self._model.order)
        values = ", ".join(self._infix(row.rate) for row in self._model.states.values())
        yield f"return np.array(np.broadcast_arrays({values}, {self._first})[:-1], dtype=float)"

    def _outputs(self) -> Iterator[str]:
        yield f"{self._states}, = np.asarray(states, dtype=float)"
        yield from self._assigned(self._model.order)
        pairs = ", ".join(f"{name!r}: {self._names[name]} + 0 * {self._first}" for name in self._model.outputs)
        yield f"return {{{pairs}}}"


def _plain(text: str) -> str:
    """A text that ends no docstring and escapes nothing."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())


def _table(name: str, values: Mapping[str, float], units: Mapping[str, Any]) -> str:
    lines = [f"    {key!r}: {value!r},  # {unit_text(units[key]) or '1'}" for key, value in values.items()]
    return "\n".join([f"{name} = {{", *lines, "}"])


def _listed(name: str, units: Mapping[str, Any]) -> str:
    lines = [f"    {key!r},  # {unit_text(unit) or '1'}" for key, unit in units.items()]
    return "\n".join([f"{name} = (", *lines, ")"])
