"""Small models of patients whose answers are known: a compartment, a straight line, and a pool that a drug empties."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from kinetics.model import Model
from kinetics.patients import DoseRecord, Observation, Patient, PatientData
from kinetics.units import parse_unit

COMPARTMENT = """\
[model]
title = "One compartment"
time = "hour"

[parameters]
CL = { value = 1.0, unit = "L/hour", spread = 0.3, about = "clearance", source = "choice" }
V = { value = 10.0, unit = "L", spread = 0.2, about = "volume", source = "choice", positive = true }

[doses.drug]
unit = "mg"
into = "A"

[states.A]
unit = "mg"
initial = "0"
rate = "-CL/V*A"
about = "amount"

[outputs.C]
unit = "mg/L"
value = "A/V"
about = "concentration"
noise = 0.1

[cohorts.adults]
about = "everybody"
"""
LINE = """
[model]
title = "A straight line"
time = "day"
[parameters]
level = { value = 5, unit = "mg", spread = 2, distribution = "normal", source = "choice" }
slope = { value = 0.1, unit = "mg/day", spread = 0.2, distribution = "normal", source = "choice" }
limit = { value = 6, unit = "mg", source = "choice" }
[doses.drug_a]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "level"
rate = "slope"
[outputs.line]
unit = "mg"
value = "A"
lower_limit = "limit"
[outputs.half]
unit = "mg"
value = "0.5*A"
"""
MEAN, SPREADS, NOISE, LEVEL = np.array([5.0, 0.1]), np.array([2.0, 0.2]), 0.5, 6.0
ERRORS = {"line": "additive 0.5 mg"}

POOL = """
[model]
title = "A pool that a drug empties"
time = "day"
[parameters]
N_0 = { value = 1.0, unit = "1e9/L", spread = 0.3, source = "choice" }
k = { value = 0.02, unit = "1/day", spread = 0.5, source = "choice" }
kill = { value = 0.05, unit = "1/mg/day", source = "choice" }
k_el = { value = 0.2, unit = "1/day", source = "choice" }
limit_N = { value = 0.4, unit = "1e9/L", source = "choice" }
[doses.drug_a]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-k_el*A"
[states.N_b]
unit = "1e9/L"
initial = "N_0"
rate = "k*(N_0 - N_b) - kill*A*N_b"
[outputs.N]
unit = "1e9/L"
value = "N_b"
lower_limit = "limit_N"
noise = 0.15
[cohorts.adults]
about = "anyone"
"""
DOSE = 20.0


def model(tmp_path, text: str, name: str = "recovery") -> Model:
    (tmp_path / f"{name}.toml").write_text(text)
    return Model.load(tmp_path / f"{name}.toml")


def patient(id: str, times, values, output: str = "N", dose: float | None = DOSE, below: float = 0.0) -> Patient:
    """Counts, those under ``below`` censored there, and a dose at time zero."""
    rows = [
        Observation(float(t), output, max(float(v), below), "below" if v < below else "", sequence=n)
        for n, (t, v) in enumerate(zip(times, values, strict=True))
    ]
    doses = () if dose is None else (DoseRecord(0.0, "drug_a", dose, sequence=len(rows)),)
    return Patient(id, tuple(rows), doses)


def data(*patients: Patient, output: str = "N", unit: str = "1e9/L", time: str = "day") -> PatientData:
    units = {output: parse_unit(unit)}
    return PatientData({one.id: one for one in patients}, parse_unit(time), units, {"drug_a": parse_unit("mg")})


def pool(times, n_0: float, k: float, dose: float = DOSE, kill: float = 0.05, k_el: float = 0.2) -> np.ndarray:
    """The pool by LSODA from scipy, for a dose at time zero."""

    def rate(t, n):
        return k * (n_0 - n) - kill * dose * np.exp(-k_el * t) * n

    times = np.asarray(times, dtype=float)
    return solve_ivp(rate, (0, 1000), [n_0], "LSODA", rtol=1e-10, atol=1e-12, dense_output=True).sol(times)[0]
