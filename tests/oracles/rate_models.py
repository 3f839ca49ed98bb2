"""Models written as rates in text, for tests that need no file, and what engines make of them with every derivative."""

from collections.abc import Mapping

import numpy as np
import sympy as sp

from kinetics.compile import System, compile_model
from kinetics.engines.chain_rule import Rows
from kinetics.engines.dosing.integrating import ENGINES
from kinetics.engines.steady_state import SteadyStates, find_steady_states
from kinetics.expressions import parse
from kinetics.model import Model, Output, Parameter, State


def system_of(rates: Mapping[str, str], initial: Mapping[str, str], parameters: Mapping[str, float]) -> System:
    """A model without units, whose outputs ``of_NAME`` are its states."""
    names = ["time", *rates, *parameters]
    symbols = {name: sp.Symbol(name, real=True) for name in names}
    states = [
        State(name=name, unit="1", initial=parse(initial.get(name, "0"), symbols), rate=parse(rate, symbols))
        for name, rate in rates.items()
    ]
    values = [Parameter(name=name, value=value, unit="1") for name, value in parameters.items()]
    outputs = [Output(name=f"of_{name}", unit="1", value=symbols[name]) for name in rates]
    model = Model.from_symbols("made", time="1", parameters=values, states=states, outputs=outputs)
    return compile_model(model)


def reached(system: System, starts: np.ndarray, engine: str, parameters: np.ndarray | None = None) -> SteadyStates:
    """Steady states with derivatives by all parameters, then by all states of the start."""
    starts = np.atleast_2d(np.asarray(starts, dtype=float))
    rows, states = starts.shape
    values = np.broadcast_to(
        system.parameter_array() if parameters is None else parameters, (rows, len(system.parameters))
    )
    size = values.shape[1]
    changes, start_changes = np.zeros((rows, size, size + states)), np.zeros((rows, states, size + states))
    changes[:, range(size), range(size)] = 1.0
    start_changes[:, range(states), range(size, size + states)] = 1.0
    integrate, tolerances = ENGINES[engine]
    rows_of = Rows.of(system, values, changes, np.where(starts == 0, 1.0, np.abs(starts)))
    return find_steady_states(integrate, rows_of, starts, start_changes, tolerances)
