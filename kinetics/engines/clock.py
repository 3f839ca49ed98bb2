"""The state of a model that is its time."""

from __future__ import annotations

from kinetics.compile import System
from kinetics.model.timing.clock import CLOCK, is_clock


def clock_of(system: System) -> int | None:
    """Its number among the states that are integrated; None where no equation uses the time.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.compile import compile_model
    >>> from kinetics.model import Model, State
    >>> time = sp.Symbol("time", real=True)
    >>> swinging = State(name="A", unit="1", initial=0, rate=sp.cos(time))
    >>> clock_of(compile_model(Model.from_symbols("swing", time="1", states=[swinging])))
    1
    >>> clock = State(name="clock", unit="1", initial=0, rate=1)  # a state of this name is not the time
    >>> clock_of(compile_model(Model.from_symbols("gene", time="1", states=[clock])))
    """
    if CLOCK in system.states and is_clock(system.model.states[CLOCK]):
        return system.states.index(CLOCK)
    return None
