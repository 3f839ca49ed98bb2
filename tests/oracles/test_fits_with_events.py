"""Fits of models with events: closed forms are found again, and an event that is a dose counts as one."""

from __future__ import annotations

import math

import numpy as np
import pytest

import kinetics
from kinetics.compile import compile_model
from kinetics.engines.dosing import integrate_histories
from kinetics.estimate.objective.typical import Objective
from kinetics.interop.petab.fitting.search import search
from kinetics.model import Model
from kinetics.patients import read_patients
from kinetics.regimen import DoseRecord, History, histories
from tests.oracles.differences import differences

POOL = """
[model]
title = "A pool that is filled up again"
time = "day"
[parameters]
k = { value = 0.6, unit = "1/day", source = "choice" }
low = { value = 0.24, unit = "1", source = "choice" }
[states.a]
unit = "1"
initial = "1"
rate = "-k*a"
[states.d]
unit = "1"
initial = "0"
rate = "-k*d"
[doses.drug]
unit = "1"
into = "d"
[outputs.A]
unit = "1"
value = "a"
[events.refill]
trigger = "a < low"
assignments = { a = "2" }
[cohorts.all]
"""
ONCE = """
[regimen]
title = "once"
source = "choice"
[[courses]]
start = "0 day"
doses = [{ drug = "drug", amount = "1 1" }]
"""
FIT = """
[fit]
title = "pool"
model = "pool.toml"
tables = ["rows.csv"]
horizon = "10 day"
starts = 1
seed = 1
[free]
k = { lower = 0.1, upper = 2, unit = "1/day", prior = "flat" }
low = { lower = 0.05, upper = 0.9, unit = "1", prior = "flat" }
"""
K, LOW = 0.62, 0.23


def level(k, low, time):
    """After n refills (2/low)^n exp(-k t)."""
    refills = max(0, 1 + math.floor((time - math.log(1 / low) / k) * k / math.log(2 / low)))
    return (2 / low) ** refills * math.exp(-k * time)


@pytest.fixture
def pool(tmp_path):
    """A fit problem whose rows are those of known parameters."""
    first = math.log(1 / LOW) / K
    rows = ["name,use,kind,statistic,output,regimen,cohort,time,level,value,unit,log_se,source"]
    rows += [
        f"c{t},fit,count,mean,A,once.toml,all,{t} day,,{level(K, LOW, t)!r},1,0.01,choice" for t in (1, 2, 3, 5, 6, 9)
    ]
    rows.append(f"rise,fit,time_to_threshold,mean,A,once.toml,all,,0.9 1,{first!r},day,0.01,choice")
    (tmp_path / "pool.toml").write_text(POOL)
    (tmp_path / "once.toml").write_text(ONCE)
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "fit.toml").write_text(FIT)
    return kinetics.FitProblem.load(tmp_path / "fit.toml")


@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_residuals_of_a_typical_patient_have_exact_derivatives(pool, engine):
    objective, at = Objective(pool.with_settings(engine=engine)), np.log([0.6, 0.24])
    exact = objective.rows(at, ["k", "low"]).jacobian
    for index, direction in enumerate(np.eye(2)):
        found = differences(lambda x: objective.rows(x, []).values, at, direction, 2e-3)
        np.testing.assert_allclose(exact[:, index], found, rtol=1e-6, atol=1e-5)


def test_a_typical_patient_is_fitted(pool):
    estimates = kinetics.fit(pool).estimates
    assert [estimates[name].value for name in ("k", "low")] == pytest.approx([K, LOW], rel=1e-5)
    assert "galan_1999" in str(kinetics.cite(pool))


LATE = """
[model]
title = "What a dose that comes late sets off"
time = "day"
[parameters]
k = { value = 0.5, unit = "1/day", source = "choice" }
lag = { value = 0.4, unit = "day", source = "choice" }
low = { value = 1.5, unit = "1", source = "choice" }
[states]
a = { unit = "1", initial = "0", rate = "-k*a" }
b = { unit = "1", initial = "0", rate = "-k*b" }
c = { unit = "1", initial = "0", rate = "-k*c" }
[doses.drug]
unit = "1"
into = "a"
lag = "lag"
[outputs]
B = { unit = "1", value = "b" }
C = { unit = "1", value = "c" }
[events.high]
trigger = "a >= 2"
assignments = { b = "1" }
[events.low]
trigger = "a < low and b > 0"
assignments = { c = "a" }
"""


@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_what_a_dose_with_a_lag_sets_off_comes_later_with_it(tmp_path, engine):
    (tmp_path / "late.toml").write_text(LATE)
    model = Model.load(tmp_path / "late.toml")
    system, given = compile_model(model), History([DoseRecord(0.0, "drug", 4.0)], [3.0])
    at, names = system.parameter_array(), ["k", "lag", "low"]
    found = integrate_histories(system, histories([given], model), at[None], ["B", "C"], names, engine=engine)
    # b = exp(-k (t - lag)), c = a from the time on at which it is low
    b, c = math.exp(-0.5 * 2.6), 4 * math.exp(-0.5 * 2.6)
    np.testing.assert_allclose(found.outputs[0, 0], [b, c], rtol=1e-6)
    np.testing.assert_allclose(
        found.gradients[0, 0], [[-2.6 * b, 0.5 * b, 0], [-2.6 * c, 0.5 * c, 0]], rtol=1e-5, atol=1e-6
    )


ONE = """
[model]
title = "One compartment"
time = "hour"
[parameters]
CL = { value = 3, unit = "L/hour", spread = 0.3, source = "choice" }
V = { value = 30, unit = "L", spread = 0.2, source = "choice" }
later = { value = 24, unit = "hour", source = "choice" }
extra = { value = 50, unit = "mg", source = "choice" }
[doses.drug]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-CL/V*A"
[outputs.C]
unit = "mg/L"
value = "A/V"
noise = 0.1
"""
AGAIN = '[events.again]\ntrigger = "time >= later"\nassignments = { A = "A + extra" }\n'
MAPPING = """
[patients]
layout = "events"
counts = "events.csv"
model = "one.toml"
[columns]
patient = "ID"
time = "TIME"
value = "DV"
amount = "AMT"
event = "EVID"
analyte = "DVID"
[time]
unit = "hour"
[analytes.C]
output = "C"
[drugs.AMT]
dose = "drug"
"""


@pytest.fixture
def predicted(tmp_path):
    """Estimates and curves of a patient whose second dose is an event, or a dose."""

    def fit(name, model, dose):
        rows = ["ID,TIME,DV,AMT,EVID,DVID", "P1,0,,100,1,", "P1,12,1.1,,0,C", *dose, "P1,30,1.3,,0,C", "P1,48,0.3,,0,C"]
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.toml").write_text(model)
        (tmp_path / name / "events.csv").write_text("\n".join(rows) + "\n")
        (tmp_path / name / "mapping.toml").write_text(MAPPING)
        data = read_patients(tmp_path / name / "mapping.toml")
        found = kinetics.fit_patient(data, "P1", model=Model.load(tmp_path / name / "one.toml"))
        curve = found.predict(until="3 day", every="7 hour", draws=4)["C"]
        return found.parameters["estimate"].values, curve.sel(time=[14.0, 28.0, 49.0]).values

    return fit


def test_a_patient_is_fitted_and_predicted_with_an_event_as_with_a_dose(predicted):
    event, dose = predicted("event", ONE + AGAIN, ()), predicted("dose", ONE, ("P1,24,,50,1,",))
    np.testing.assert_allclose(event[0], dose[0], rtol=1e-5)
    np.testing.assert_allclose(event[1], dose[1], rtol=1e-5)


REFILL = (
    '<listOfEvents><event id="refill" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><apply><lt/><ci>A</ci><cn>0.9</cn></apply></math></trigger>'
    '<listOfEventAssignments><eventAssignment variable="A"><math xmlns="http://www.w3.org/1998/Math/MathML">'
    "<cn>2</cn></math></eventAssignment></listOfEventAssignments></event></listOfEvents></model>"
)


def test_a_problem_of_petab_is_fitted(tmp_path):
    petab = pytest.importorskip("tests.petab_files")

    def readings(a0, k):
        """Refilled once before 3: A(t) = a0 exp(-k t), then 2/0.9 of that."""
        return np.array([a0, a0 * math.exp(-k), 2 / 0.9 * a0 * math.exp(-3 * k)])

    rows = petab.FILES[1]["measurements.tsv"]
    for old, new in zip(petab.MEASURED.values(), readings(1.9, 0.45).tolist(), strict=True):
        rows = rows.replace(f"\t{old}\t", f"\t{new!r}\t")
    model = petab.MODEL.replace("</model>", REFILL)
    problem = kinetics.FitProblem.from_petab(petab.write_problem(tmp_path, 1, model=model, measurements=rows))
    assert problem.objective().simulations == pytest.approx(readings(2.0, 0.5), rel=1e-7)
    residuals = (readings(1.9, 0.45) - readings(2.0, 0.5)) / petab.SIGMA**2
    by_k = np.array([0, -1, -3]) * readings(2.0, 0.5)
    expected = [residuals @ readings(1.0, 0.5), residuals @ by_k]
    assert problem.objective(gradient=True).gradient == pytest.approx(expected, rel=1e-6)
    # refilled again and again, a much larger k meets the same three readings: one descent, from near by
    found = search(problem, np.array([2.0, math.log10(0.5)]))
    assert found.converged
    assert found.end == pytest.approx([1.9, math.log10(0.45)], rel=1e-5)
