"""Settings every test shares: no display, no chance."""

import os

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def deficit():
    """A model of closed forms under any dose: the deficit z decays at the rate k, the output Y = 1 - z recovers.

    ``washed`` collects what has left, so that ``given`` = z + washed is all that was given.
    """
    import sympy as sp

    from kinetics.model import Model
    from kinetics.model.quantities import Dose, Output, Parameter, State

    k, z, washed = sp.symbols("k z washed")
    return Model.from_symbols(
        "deficit",
        time="day",
        parameters=[
            Parameter(name="k", value=0.1, unit="1/day", spread=0.2),
            Parameter(name="full", value=1.0, unit="mg"),
        ],
        doses=[Dose(name="drug", unit="mg", into="z"), Dose(name="other", unit="mg", into="z")],
        states=[
            State(name="z", unit="mg", initial=0, rate=-k * z),
            State(name="washed", unit="mg", initial=0, rate=k * z),
        ],
        outputs=[
            Output(name="Y", unit="mg", value=sp.Symbol("full") - z),
            Output(name="Z", unit="mg", value=z),
            Output(name="given", unit="mg", value=z + washed),
        ],
    )
