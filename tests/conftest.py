"""Settings every test shares: no display, no chance, no clock on the wall, nothing of the user's shell."""

import gc
import os
import signal
from contextlib import suppress
from functools import cache

import numba
import pytest
from hypothesis import HealthCheck, settings

os.environ["MPLBACKEND"] = "Agg"
os.environ.pop("KINETICS_TRACEBACK", None)

# As many processes as processors run tests: threads of each would wait for one another, busily. Workers inherit the
# variable, before they load NumPy; a test of threads asks for more.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
numba.set_num_threads(1)

# modules and tests stay: looking through them for garbage again and again takes a tenth of the time of all tests
gc.disable()

# how quickly examples are drawn is a matter of the machine and of what else runs on it
health = [HealthCheck.too_slow]
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True, suppress_health_check=health)
# `make chance`: other examples at every run, and more of them
settings.register_profile("chance", max_examples=500, deadline=None, print_blob=True, suppress_health_check=health)
settings.load_profile("repeatable")


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A test marked ``processor_time(seconds)`` fails after so many: a busy machine makes it none longer."""
    marker = item.get_closest_marker("processor_time")
    if marker is None or not hasattr(signal, "setitimer"):
        return (yield)

    def late(*_):
        pytest.fail(f"more than {marker.args[0]} s of processor time")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, marker.args[0])
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


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


def total_doses(cut):
    """What segments give in all, (drug,), in the dose unit of the model."""
    return cut.lengths @ cut.rates + cut.boluses.sum(axis=0)


def plan_of(model, regimen, until):
    """The segments of a regimen, or of None, in a model up to a time."""
    from kinetics.regimen import Regimen, segments

    drugs = {name: dose.unit for name, dose in model.doses.items()}
    return segments(regimen or Regimen.none(), drugs, model.time, until)


@cache
def shipped_regimens():
    """The regimens that ship, by name."""
    from kinetics.files.library import library_names
    from kinetics.regimen import Regimen

    return {name: Regimen.load(name) for name in library_names("models/regimens")}


def accepted_regimens(model):
    """The shipped regimens that a model can be given, by name."""
    from kinetics.errors import InputError
    from kinetics.regimen import check_accepted

    accepted = {}
    for name, regimen in shipped_regimens().items():
        with suppress(InputError):
            check_accepted(regimen, model)
            accepted[name] = regimen
    return accepted
