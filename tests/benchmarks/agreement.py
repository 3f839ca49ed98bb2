"""The batch engine at its own tolerances against Radau, on random patients of each cohort."""

from __future__ import annotations

from typing import Any

import numpy as np

from by_batch import Engine
from kinetics.engines import batch
from reference import truth
from workload import LIMIT, load_workload, worst_errors

__all__ = ["measure"]


def measure(cohort: str, patients: int) -> dict[str, Any]:
    """Worst relative error of every patient.

    Parameters
    ----------
    cohort : str
        Of the shipped model.
    patients : int
        The typical patient and random ones.
    """
    work = load_workload()
    found = Engine(work).outputs(work.sample(cohort, patients), batch.TOLERANCES, work.checked)
    errors = worst_errors(found, truth(cohort, patients))
    patient, output = np.unravel_index(errors.argmax(), errors.shape)
    each = errors.max(axis=1)
    return {
        "cohort": cohort,
        "patients": patients,
        "relative": batch.TOLERANCES.relative,
        "absolute": batch.TOLERANCES.absolute,
        "worst": float(each.max()),
        "worst_output": work.system.outputs[output],
        "worst_patient": int(patient),
        "median": float(np.median(each)),
        "above_limit": int(np.count_nonzero(each > LIMIT)),
        "by_output": dict(zip(work.system.outputs, errors.max(axis=0).tolist(), strict=True)),
    }
