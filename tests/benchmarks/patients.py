"""Patients: everyone's most probable parameters at once, how often predictions cover, and one at the command line."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from clock import pace, repeated
from kinetics import fit_patients
from kinetics.files.library import library_folder
from simulated_patients import COHORT, MODEL, OUTPUTS, predictive_probabilities, simulated_patients

__all__ = ["measure"]

SEED = 77
NOMINAL = 0.9


def measure(patients: int, covered: int, repeats: int) -> dict[str, Any]:
    """Fit simulated patients; predict month 24 of some of them from course 1; and call the command, warm."""
    simulated = simulated_patients(patients, SEED)
    fit_patients(simulated.data, simulated.data.ids[:2], model=MODEL, cohort=COHORT)
    begin, processor = time.perf_counter(), time.process_time()
    fits = fit_patients(simulated.data, model=MODEL, cohort=COHORT)
    took = {"seconds": time.perf_counter() - begin, "processor_s": time.process_time() - processor}
    some = fit_patients(simulated.data, simulated.data.ids[:covered], model=MODEL, cohort=COHORT)
    below = np.array([predictive_probabilities(fit, own) for fit, own in zip(some, simulated.withheld, strict=False)])
    margin = (1 - NOMINAL) / 2
    shares = ((below >= margin) & (below <= 1 - margin)).mean(axis=0)
    return {
        "patients": patients, **took, "converged": int(fits.modes.converged.sum()), "covered": len(some),
        "coverage": dict(zip(OUTPUTS, shares.tolist(), strict=True)), "nominal": NOMINAL, "pace": pace(),
        "command": _command(repeats),
    }  # fmt: skip


def _command(repeats: int) -> dict[str, float]:
    """Seconds of one patient's fit, prediction, table and figure from the command line."""
    clinic = library_folder("fits") / "synthetic_clinic" / "clinic.toml"
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        out, figure = Path(folder, "SIM02.nc"), Path(folder, "SIM02.svg")
        call = [sys.executable, "-m", "kinetics.cli", "patient", str(clinic), "--id", "SIM02", "--cohort", COHORT]
        call += ["--retreat", "48 month", "--out", str(out), "--figure", str(figure)]
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = repeated(lambda: subprocess.run(call, check=True, capture_output=True), seconds=0.0, least=repeats)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
    return {"seconds": took["median"], "processor_s": processor / (took["repeats"] + 1)}
