"""Estimates of public data beside the runs of them that nlmixr2 has published; the data are not of this project."""

from __future__ import annotations

import csv
import gzip
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clock import pace
from kinetics.files.arguments import Progress
from kinetics.mixed_effects import Method, objective
from kinetics.patients import DoseRecord, Observation, Patient, PatientData
from kinetics.patients.clinic import ClinicProblem
from kinetics.patients.clinic.checkpoint import ClinicCheckpoint
from kinetics.patients.clinic.estimation import estimate_population
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.units import parse_unit

__all__ = ["ORACLES", "measure"]

ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles"
HEAD = """\
[model]
title = "{title}"
time = "hour"
[parameters]
{parameters}
[doses.drug]
unit = "mg"
into = "{into}"
"""
STATE = '[states.{0}]\nunit = "mg"\ninitial = "0"\nrate = "{1}"\nabout = "amount"\n'
OUTPUT = '[outputs.C]\nunit = "mg/L"\nvalue = "{0}"\nabout = "concentration"\n'


@dataclass(frozen=True)
class PublicData:
    """A data set, its model, and what nlmixr2 published: seconds of the search, and the objective of FOCEI."""

    file: str
    title: str
    parameters: dict[str, tuple[float, str]]
    variances: tuple[float, ...]
    states: dict[str, str]
    output: str
    error: str
    published: dict[str, tuple[float, float | None]]

    def model(self) -> str:
        """The text of the model's file; the search starts where that of nlmixr2 did."""
        rows = [
            f'{name} = {{ value = {value}, unit = "{unit}", spread = {np.sqrt(variance)}, about = "-", '
            'source = "choice", positive = true }'
            for (name, (value, unit)), variance in zip(self.parameters.items(), self.variances, strict=True)
        ]
        head = HEAD.format(title=self.title, parameters="\n".join(rows), into=next(iter(self.states)))
        return head + "".join(STATE.format(*one) for one in self.states.items()) + OUTPUT.format(self.output)

    def data(self) -> PatientData:
        """The observations and the doses of each individual."""
        patients: dict[str, tuple[list[Observation], list[DoseRecord]]] = {}
        for number, row in enumerate(self._rows(), 1):
            counts, doses = patients.setdefault(row["ID"], ([], []))
            if float(row["AMT"]):
                doses.append(DoseRecord(float(row["TIME"]), "drug", float(row["AMT"]), sequence=number))
            else:
                counts.append(Observation(float(row["TIME"]), "C", float(row["DV"]), sequence=number))
        whole = {id: Patient(id, tuple(counts), tuple(doses)) for id, (counts, doses) in patients.items()}
        return PatientData(whole, parse_unit("hour"), {"C": parse_unit("mg/L")}, {"drug": parse_unit("mg")})

    def _rows(self) -> Iterator[dict[str, str]]:
        opened = gzip.open if self.file.endswith("gz") else open
        with opened(ORACLES / self.file, "rt", encoding="utf-8-sig") as file:
            yield from (row for row in csv.DictReader(file) if row.get("SD", "1") != "0")


PUBLIC = {
    "theophylline": PublicData(
        "theophylline.csv", "One compartment, oral",
        {"ka": (np.exp(0.45), "1/hour"), "CL": (np.exp(1.0), "L/hour"), "V": (np.exp(3.45), "L")}, (0.6, 0.3, 0.1),
        {"D": "-ka*D", "A": "ka*D - CL/V*A"}, "A/V", "additive 0.7 mg/L",
        {"FOCEI": (1.523, 116.804), "SAEM": (6.63, None)},
    ),
    "two compartments": PublicData(
        "nlme/bolus_2cpt.csv.gz", "Two compartments, bolus",
        {
            "CL": (np.exp(1.6), "L/hour"), "V1": (np.exp(4.5), "L"),
            "Q": (np.exp(1.6), "L/hour"), "V2": (np.exp(4.0), "L"),
        },
        (0.15,) * 4,
        {"A1": "Q/V2*A2 - Q/V1*A1 - CL/V1*A1", "A2": "Q/V1*A1 - Q/V2*A2"}, "A1/V1", "proportional 0.3",
        {"FOCEI": (5.901, 20167.680), "SAEM": (56.36, 20188.075)},
    ),
}  # fmt: skip
"""Sources: docs/validation.md."""


def measure(methods: list[str]) -> dict[str, Any]:
    """The search alone, with compiled code in the cache; then FOCEI's objective at the estimates."""
    if not ORACLES.is_dir():
        return {"failed": f"the data {ORACLES} are not here"}
    rows: list[dict[str, Any]] = []
    for name, public in PUBLIC.items():
        with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
            path = Path(folder, "model.toml")
            path.write_text(public.model())
            clinic = Clinic.of(ClinicProblem.of(public.data(), path, errors={"C": public.error}))
            objective(Method.FOCEI, clinic.model, clinic.start)  # compiles
            rows += [{"data": name, **_run(clinic, method, public.published[method])} for method in methods]
    return {"runs": rows, "pace": pace()}


def _run(clinic: Clinic, method: str, published: tuple[float, float | None]) -> dict[str, Any]:
    ignored: Progress = lambda done, total: None  # noqa: E731
    chosen = Clinic(clinic.problem.with_settings(method=method), clinic.treated, clinic.model, clinic.start)
    begin, processor = time.perf_counter(), time.process_time()
    found = estimate_population(chosen, ClinicCheckpoint(None, resume=False), ignored)
    seconds, worked = time.perf_counter() - begin, time.process_time() - processor
    value = objective(Method.FOCEI, clinic.model, found.values).nonmem
    return {
        "method": method, "seconds": seconds, "processor_s": worked, "objective": value,
        "published_s": published[0], "published_objective": published[1],
    }  # fmt: skip
