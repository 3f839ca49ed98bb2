"""Dosing against NONMEM 7: one compartment with a depot (ADVAN2), boluses, infusions and additional doses."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model
from kinetics.model import Model
from kinetics.model.quantities import Dose as DoseInput
from kinetics.model.quantities import Output, Parameter, State
from kinetics.regimen import Course, Dose, Regimen, segments

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "nonmem_dosing.csv"
DRUG_OF = {1: "depot", 2: "central"}
# what a regimen can say without lag, steady state, modelled duration or reset; 20 and 26 up to their resets
EXPRESSIBLE = ("1", "3", "4", "6", "20", "26")

pytestmark = pytest.mark.skipif(not ORACLE.is_file(), reason=f"the oracle {ORACLE} is not here")


def records() -> dict[str, list[dict[str, float]]]:
    """The rows of each subject before its first reset."""
    subjects: dict[str, list[dict[str, float]]] = defaultdict(list)
    over: set[str] = set()
    with ORACLE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["EVID"] in "34":
                over.add(row["ID"])
            if row["ID"] not in over:
                subjects[row["ID"]].append({name: float(value) for name, value in row.items() if name != "ID"})
    return subjects


def is_expressible(rows: list[dict[str, float]]) -> bool:
    return bool(rows) and all(row["LAGT"] == row["SS"] == 0 and row["RATE"] >= 0 for row in rows if row["EVID"])


def regimen(rows: list[dict[str, float]]) -> Regimen:
    doses: list[Dose] = []
    for row in rows:
        if not row["EVID"]:
            continue
        available = row["BIOAV"] if row["CMT"] == 2 else 1.0
        amount = row["AMT"] * available
        duration = amount / row["RATE"] if row["RATE"] else 0.0
        dose = Dose(DRUG_OF[int(row["CMT"])], f"{amount} mg", f"{row['TIME']} hour", f"{duration!r} hour")
        doses += dose.repeat(1 + int(row["ADDL"]), f"{row['II']} hour" if row["ADDL"] else None)
    return Regimen([Course(doses)])


@pytest.fixture(scope="module")
def system():
    depot, central, ka, clearance, volume = sp.symbols("A_depot A_central KA CL V")
    return compile_model(
        Model.from_symbols(
            "advan2",
            time="hour",
            parameters=[
                Parameter(name="KA", value=1.5, unit="1/hour"),
                Parameter(name="CL", value=1.1, unit="L/hour"),
                Parameter(name="V", value=20.0, unit="L"),
            ],
            doses=[DoseInput(name=name, unit="mg", into=f"A_{name}") for name in DRUG_OF.values()],
            states=[
                State(name="A_depot", unit="mg", initial=0, rate=-ka * depot),
                State(name="A_central", unit="mg", initial=0, rate=ka * depot - clearance / volume * central),
            ],
            outputs=[Output(name="CP", unit="ug/L", value=central / volume)],
        )
    )


def test_the_expressible_scenarios_are_the_expected_ones():
    assert tuple(subject for subject, rows in records().items() if is_expressible(rows)) == EXPRESSIBLE


@pytest.mark.parametrize("subject", EXPRESSIBLE)
def test_concentrations_are_those_of_nonmem(system, subject, solve):
    rows = records()[subject]
    observed = [row for row in rows if not row["EVID"]]
    times = np.array([row["TIME"] for row in observed])
    model = system.model
    given = segments(
        regimen(rows), {name: dose.unit for name, dose in model.doses.items()}, model.time, times[-1] + 1.0
    )
    found = solve(system, system.constants(system.parameter_array()), given)
    expected = np.array([row["CP"] for row in observed])
    assert len(expected) > 40
    np.testing.assert_allclose(found.outputs(times)[:, 0], expected, rtol=1e-4, atol=1e-6)
