"""The population of the synthetic clinic that ships, estimated from far away: SAEM and FOCEI against the truth."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from clock import pace
from kinetics import fit_population
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.files.library import library_folder
from kinetics.model import Model
from kinetics.patients import read_patients
from kinetics.patients.clinic import ClinicFit, ClinicProblem
from kinetics.units import unit_text
from simulated_patients import COHORT, MODEL

__all__ = ["measure"]

ESTIMATED = ("cd4_CD4_0", "cd8_CD8_0", "b_cells_B_0", "cd4_phi", "cd8_phi", "b_cells_phi")
"""What counts determine. Patients differ in six further parameters, whose population keeps the cohort's values."""
TOO_HIGH, SPREAD, ERROR = 1.5, 0.7, "lognormal 0.3"
"""Where the search starts: typical values so many times the truth, spreads, errors of measurement."""


def measure(explore: int, smooth: int) -> dict[str, Any]:
    """Fit the clinic by SAEM of so many iterations, then by FOCEI."""
    model = Model.load(MODEL)
    cohort = cohort_parameters(model, COHORT)
    data = read_patients(library_folder("fits") / "synthetic_clinic" / "clinic.toml")
    starts = {
        name: {"start": f"{TOO_HIGH * cohort.values[name]} {unit_text(model.parameters[name].unit)}", "spread": SPREAD}
        for name in ESTIMATED
    }
    others = [name for name, spread in cohort.spreads.items() if spread and name not in ESTIMATED]
    problem = ClinicProblem.of(
        data, model, cohort=COHORT, parameters=starts | {name: {} for name in others},
        errors=dict.fromkeys(data.outputs, ERROR), hold=[*others, *(f"var({name},{name})" for name in others)],
        algorithm={"explore": explore, "smooth": smooth},
    )  # fmt: skip
    truth = cohort.values | {f"var({name},{name})": cohort.spreads[name] ** 2 for name in ESTIMATED}
    fits, rows = dict[str, ClinicFit](), []
    for method in ("SAEM", "FOCEI"):
        begin, processor = time.perf_counter(), time.process_time()
        fits[method] = fit_population(problem, method=method)
        took = {"seconds": time.perf_counter() - begin, "processor_s": time.process_time() - processor}
        rows.append({"method": method, **took, **_deviations(fits[method], truth)})
    return {"fits": rows, "patients": len(data), "iterations": explore + smooth, "pace": pace(), **_agreement(fits)}


def _deviations(fit: ClinicFit, truth: dict[str, float]) -> dict[str, float]:
    """The largest deviations from the truth: of typical values relatively, of variances in standard errors."""
    rows = [row for row in fit.rows if not row.held]
    typical = [abs(row.estimate / truth[row.name] - 1) for row in rows if row.kind == "typical"]
    variances = [abs(row.estimate - truth[row.name]) / row.standard_error for row in rows if row.kind == "variance"]
    return {"typical": max(typical), "variance": max(variances), "objective": dict(fit.objectives)["AIC"][0]}


def _agreement(fits: dict[str, ClinicFit]) -> dict[str, float]:
    """The largest difference of the two methods in standard errors."""
    pairs = zip(fits["SAEM"].rows, fits["FOCEI"].rows, strict=True)
    free = [(one, two) for one, two in pairs if not one.held]
    return {"difference": float(np.max([abs(one.estimate - two.estimate) / one.standard_error for one, two in free]))}
