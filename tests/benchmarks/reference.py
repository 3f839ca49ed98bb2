"""The truth: Radau at a relative tolerance of 1e-11, in processes, kept in files because it takes minutes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from kinetics.engines import Tolerances
from kinetics.engines.scipy import integrate
from machine import usable_cores
from process import say
from workload import load_workload

__all__ = ["measure", "truth"]

TOLERANCES = Tolerances(relative=1e-11, absolute=1e-16)
CHUNK = 10
FOLDER = Path(__file__).parents[2] / "build" / "benchmarks"


def measure(patients: dict[str, int]) -> dict[str, Any]:
    """Work out what is not known yet: so many of each cohort, the typical patient first."""
    work = load_workload()
    parts = [(cohort, part) for cohort, number in patients.items() for part in _parts(work.sample(cohort, number))]
    missing = [(cohort, part) for cohort, part in parts if not _kept(part).is_file()]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(usable_cores(), mp_context=get_context("spawn")) as pool:
        for done, (cohort, part) in enumerate(missing, 1):
            outputs = np.array(list(pool.map(_radau, part)))
            unfinished = _kept(part).with_suffix(f".{os.getpid()}")
            with unfinished.open("wb") as file:
                np.save(file, outputs)
            os.replace(unfinished, _kept(part))
            say(f"  Radau, {cohort}: {done * CHUNK} of about {len(missing) * CHUNK} patients")
    return {"tolerances": [TOLERANCES.relative, TOLERANCES.absolute], "patients": patients, "new": len(missing) * CHUNK}


def truth(cohort: str, number: int) -> np.ndarray:
    """Outputs of the sample of a cohort at the checked times, (patient, time, output); `measure` came before."""
    return np.concatenate([np.load(_kept(part)) for part in _parts(load_workload().sample(cohort, number))])


def _parts(constants: np.ndarray) -> Iterator[np.ndarray]:
    return (constants[begin : begin + CHUNK] for begin in range(0, len(constants), CHUNK))


def _kept(constants: np.ndarray) -> Path:
    """The file of some patients: its name changes with all that their outputs depend on."""
    work = load_workload()
    digest = hashlib.sha256(f"{work.system.model.structure_hash} {TOLERANCES} {scipy.__version__}".encode())
    for array in (constants, work.segments.edges, work.segments.rates, work.segments.boluses, work.checked):
        digest.update(np.ascontiguousarray(array).tobytes())
    return FOLDER / f"radau-{digest.hexdigest()[:24]}.npy"


def _radau(constants: np.ndarray) -> np.ndarray:
    work = load_workload()
    solution = integrate(work.system, constants, work.segments, method="Radau", tolerances=TOLERANCES)
    return solution.outputs(work.checked)
