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


@pytest.fixture(scope="session")
def held_down():
    """The text of a model of closed forms: A in mg falls at 0.05/day, and N = 1/(1 + A) 1e9/L.

    N is back at a share s when A is 1/s - 1.
    """
    return """\
[model]
title = "Counts held down by a drug"
time = "day"
[parameters]
k = { value = 0.05, unit = "1/day", source = "choice" }
a = { value = 1.0, unit = "mg", source = "choice" }
N_0 = { value = 1.0, unit = "1e9/L", source = "choice" }
limit_N = { value = 0.5, unit = "1e9/L", source = "choice" }
[doses.drug_a]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-k*A"
[outputs.N]
unit = "1e9/L"
value = "N_0/(1 + A/a)"
lower_limit = "limit_N"
[outputs.amount]
unit = "mg"
value = "A"
[cohorts.adults]
about = "anyone"
"""
