"""Over any state: a link gives it back, and a regimen file gives the regimen back."""

import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kinetics
from kinetics.errors import InputError
from kinetics.explorer.link import link_text, state_from_link
from kinetics.explorer.regimens import doses_of, regimen_of, regimen_text
from kinetics.explorer.state import DoseSeries, Scenario, State

TEXT = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=20)


def numbers(least, most):
    return st.floats(least, most, allow_nan=False, allow_infinity=False)


DOSE = partial(
    st.builds,
    DoseSeries,
    month=st.one_of(st.integers(0, 120).map(float), numbers(0, 120)),
    day=st.one_of(st.just(0.0), numbers(0, 300)),
    drug=st.sampled_from(["drug_a", "drug_b"]),
    amount=st.sampled_from(["12 mg", "0.5 mg/kg", "1e3 ug"]),
    hours=st.one_of(st.just(0.0), numbers(0.01, 100)),
    count=st.integers(1, 20),
    every=numbers(0.01, 100),
)
DOSES = DOSE()
WHOLE = st.integers(0, 30).map(float)
SCENARIOS = st.lists(
    st.builds(
        Scenario,
        name=TEXT,
        cohort=st.sampled_from(["", "one"]),
        parameters=st.dictionaries(TEXT, numbers(-1e9, 1e9), max_size=3),
        doses=st.lists(DOSES, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda scenario: scenario.name,
).map(tuple)
STATES = st.builds(
    State,
    model=TEXT,
    until=numbers(1, 600),
    patients=st.integers(0, 500),
    seed=st.integers(0, 2**31 - 1),
    log=st.booleans(),
    outputs=st.lists(TEXT, min_size=1, max_size=5).map(tuple),
    scenarios=SCENARIOS,
)


@given(STATES)
def test_a_link_restores_the_state(state):
    assert state_from_link(link_text(state)) == state


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_other_text_is_refused(raw):
    with pytest.raises(InputError):
        state_from_link(raw.decode("latin-1"))


@given(st.lists(DOSES, max_size=4).map(tuple))
def test_a_regimen_file_gives_the_regimen_back(doses):
    scenario = Scenario(name="a", doses=doses)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "regimen.toml")
        path.write_text(regimen_text(scenario), encoding="utf-8")
        assert kinetics.Regimen.load(path) == regimen_of(scenario)


def moments(regimen):
    """Every dose of a regimen, in order of time to a thousandth of a day."""
    return sorted((round(dose.start.magnitude, 3), dose.drug, str(dose.amount)) for dose in regimen.doses)


@given(
    st.lists(DOSE(month=st.integers(0, 60).map(float), day=WHOLE, every=st.integers(1, 9).map(float)), max_size=2).map(
        tuple
    )
)
def test_rows_of_a_regimen_give_the_same_doses(doses):
    regimen = regimen_of(Scenario(name="a", doses=doses))
    assert moments(regimen_of(Scenario(name="a", doses=doses_of(regimen)))) == moments(regimen)
