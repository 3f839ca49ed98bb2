"""All 16 dosing scenarios of NONMEM 7, both engines: its records of doses, and values in the order of its rows."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model
from kinetics.engines.dosing import integrate_histories
from kinetics.model import Model
from kinetics.model.quantities import Dose, Output, Parameter, State
from kinetics.regimen import DoseRecord, History, TimedValues, histories

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "nonmem_dosing.csv"
SCENARIOS = ("1", "2", "3", "4", "5", "6", "7", "9", "10", "12", "16", "17", "20", "22", "26", "28")
COVARIATES = {"LAGT": "LAGT", "BIOAV": "BIOAV", "DUR2": "DUR2"}

pytestmark = pytest.mark.skipif(not ORACLE.is_file(), reason=f"the oracle {ORACLE} is not here")


def subjects() -> dict[str, list[dict[str, float]]]:
    """The rows of each subject."""
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    with ORACLE.open(newline="") as file:
        for row in csv.DictReader(file):
            rows[row["ID"]].append({name: float(value) for name, value in row.items() if name != "ID"})
    return rows


def record(row: dict[str, float], sequence: int) -> DoseRecord:
    """A dose or a reset."""
    is_dose = row["EVID"] in (1, 4)
    return DoseRecord(
        time=row["TIME"],
        drug=("depot", "central")[int(row["CMT"]) - 1] if is_dose else "",
        amount=row["AMT"],
        rate=max(row["RATE"], 0.0),
        modelled="duration" if row["RATE"] == -2 else "",
        interval=row["II"],
        additional=int(row["ADDL"]),
        steady_state=int(row["SS"]),
        reset=row["EVID"] in (3, 4),
        sequence=sequence,
    )


def history(rows: list[dict[str, float]]) -> History:
    """Doses, times and what changes over time."""
    numbered = list(enumerate(rows))
    observed = [(number, row) for number, row in numbered if row["EVID"] == 0]
    changes: dict[str, TimedValues] = {}
    for column in COVARIATES:
        # of rows of equal time the last holds, as the next dose has it
        values = {row["TIME"]: row[column] for row in rows}
        if len(set(values.values())) > 1:
            changes[column] = TimedValues(tuple(values), tuple(values.values()), "next")
    return History(
        doses=[record(row, number) for number, row in numbered if row["EVID"]],
        times=[row["TIME"] for _, row in observed],
        sequences=[number for number, _ in observed],
        covariates=changes,
    )


@pytest.fixture(scope="module")
def system():
    depot, central, ka, clearance, volume = sp.symbols("A_depot A_central KA CL V")
    lag, share, duration = sp.symbols("LAGT BIOAV DUR2")
    units = {"KA": (1.5, "1/hour"), "CL": (1.1, "L/hour"), "V": (20, "L")}
    units |= {"LAGT": (0, "hour"), "BIOAV": (1, "1"), "DUR2": (2, "hour")}
    return compile_model(
        Model.from_symbols(
            "advan2",
            time="hour",
            parameters=[Parameter(name=name, value=value, unit=unit) for name, (value, unit) in units.items()],
            states=[
                State(name="A_depot", unit="mg", initial=0, rate=-ka * depot),
                State(name="A_central", unit="mg", initial=0, rate=ka * depot - clearance / volume * central),
            ],
            doses=[
                Dose(name="depot", unit="mg", into="A_depot"),
                Dose(name="central", unit="mg", into="A_central", lag=lag, bioavailability=share, duration=duration),
            ],
            outputs=[Output(name="CP", unit="mg/L", value=central / volume)],
        )
    )


@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_every_scenario_has_the_values_of_nonmem(system, engine):
    rows = subjects()
    assert tuple(rows) == SCENARIOS
    patients = histories([history(rows[name]) for name in SCENARIOS], system.model)
    values = [{name: rows[scenario][0][name] for name in COVARIATES} for scenario in SCENARIOS]
    parameters = np.array([system.parameter_array(own) for own in values])
    found = integrate_histories(system, patients, parameters, ["CP"], engine=engine)
    assert found.reasons == [""] * len(SCENARIOS)
    for scenario, outputs in zip(SCENARIOS, found.outputs, strict=True):
        expected = np.array([row["CP"] for row in rows[scenario] if row["EVID"] == 0]) / 1000
        # a depot has released nothing at the instant of its first dose, and hardly anything right after it
        np.testing.assert_allclose(
            outputs[: len(expected), 0], expected, rtol=1e-4, atol=1e-9, err_msg=f"scenario {scenario}"
        )
