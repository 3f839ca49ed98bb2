"""A large population as a user gets it: drawn, integrated and streamed to a Zarr store, in bounded memory."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.simulation.simulating import simulate
from ladder import COHORT
from process import say
from workload import EVERY, MODEL, REGIMEN, SEED, UNTIL

__all__ = ["measure", "peak_memory"]


def measure(patients: int) -> dict[str, Any]:
    """Wall time and peak memory of this process."""
    model, regimen = Model.load(MODEL), Regimen.load(REGIMEN)
    request: dict[str, Any] = {"until": UNTIL, "every": EVERY, "cohort": COHORT, "seed": SEED}
    simulate(model, regimen, patients=2, **request)

    def progress(done: int, size: int) -> None:
        if done % max(1, size // 10) == 0:
            say(f"  {done} of {size} patients")

    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        store = Path(folder, "population.zarr")
        begin = time.perf_counter()
        simulate(model, regimen, patients=patients, out=store, progress=progress, **request).close()
        seconds = time.perf_counter() - begin
        written = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    return {"patients": patients, "seconds": seconds, "peak_GiB": peak_memory(), "written_GiB": written / 2**30}


def peak_memory() -> float:
    """The most memory this process ever held, GiB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 2**30 if sys.platform == "darwin" else size / 2**20
