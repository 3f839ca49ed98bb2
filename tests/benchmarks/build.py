"""From the equations of the shipped model to the counts of its first patient, without imports: this engine and a peer.

The peer is CVODES as CasADi ships it: it interprets expressions and compiles none.
"""

from __future__ import annotations

import importlib
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from kinetics.engines import batch
from ladder import COHORT, absent
from process import measured
from workload import load_workload

__all__ = ["compared", "measure"]

_PEER = "by_casadi"


def compared(repeats: int) -> dict[str, Any]:
    """Seconds to the first result of each engine, the median of some processes.

    Parameters
    ----------
    repeats : int
        How many processes of each; in turn, so that both meet the same machine.
    """
    engines = ["by_batch", *([] if absent(_PEER) else [_PEER])]
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as name:
        cache = Path(name, "cache")
        measured("build", {"LYMPHOKINETICS_CACHE": str(cache)}, engine="by_batch")
        seconds: dict[str, list[float]] = {engine: [] for engine in engines}
        for _ in range(repeats):
            for folder in {path.parent for path in cache.glob("*/*.object")}:
                shutil.rmtree(folder)
            for engine in engines:  # this one first: what it leaves in the cache saves the peer our part of its work
                answer = measured("build", {"LYMPHOKINETICS_CACHE": str(cache)}, engine=engine)
                if "failed" in answer:
                    return answer
                seconds[engine].append(answer["seconds"])
    return {engine: statistics.median(times) for engine, times in seconds.items()}


def measure(engine: str) -> dict[str, Any]:
    """Build an engine and integrate the typical patient, in this process, which has read the model already."""
    work = load_workload()
    solver = importlib.import_module(engine)
    begin = time.perf_counter()
    solver.Engine(work).outputs(work.typical(COHORT)[None], batch.TOLERANCES, work.months)
    return {"seconds": time.perf_counter() - begin}
