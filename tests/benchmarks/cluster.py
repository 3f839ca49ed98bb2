"""What a large population costs on a cluster: patients, and what the cluster adds to each chunk of them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from clock import pace
from kinetics.cluster import results
from kinetics.cluster.clients import connected
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.simulation import simulate
from kinetics.simulation.runs import CHUNK
from ladder import COHORT
from process import say
from workload import EVERY, MODEL, REGIMEN, SEED, UNTIL

__all__ = ["EXTRAPOLATED", "measure"]

EXTRAPOLATED = (10**6, 10**8)
WORKERS = (2, 100)


class Nothing:
    """A job whose pieces do nothing: what remains is the work of the client and the scheduler."""

    def piece(self, number: int) -> int:
        """The number."""
        return number

    def text(self) -> str:
        """Nothing."""
        return ""

    @classmethod
    def from_text(cls, text: str) -> Nothing:
        """Another one."""
        return cls()


def measure(patients: int, pieces: int, workers: int = 2) -> dict[str, Any]:
    """A population streamed here and by workers of one thread, and pieces that do nothing.

    Times of a patient and of a chunk are of processors: those of the workers, and that of this process, which is client
    and scheduler. Other load of the machine disturbs them less.
    """
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        _streamed(folder, 2, None)
        here = _streamed(folder, patients, None)
        begin = time.perf_counter()
        with connected(None, workers) as client:
            _streamed(folder, CHUNK * workers, client)
            start = time.perf_counter() - begin
            say(f"  {patients} patients on {workers} workers")
            before = _workers_processor_s(client)
            spread = _streamed(folder, patients, client)
            of_patient = (_workers_processor_s(client) - before) / patients
            begin = time.process_time()
            done = sum(len(some) for some in results(Nothing(), range(pieces), client))
            of_chunk = (time.process_time() - begin) / done
        written = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return {
        "patients": patients, "workers": workers, "here_s": here, "spread_s": spread, "start_s": start, "pace": pace(),
        "chunk_ms": 1e3 * of_chunk, "patient_ms": 1e3 * of_patient, "written_kB": 1e-3 * written / patients,
        "extrapolated": [_extrapolated(size, of_patient, of_chunk, written / patients) for size in EXTRAPOLATED],
    }  # fmt: skip


def _workers_processor_s(client: Any) -> float:
    return sum(client.run(time.process_time).values())


def _streamed(folder: str, patients: int, client: Any) -> float:
    begin = time.perf_counter()
    simulate(
        Model.load(MODEL), Regimen.load(REGIMEN), until=UNTIL, every=EVERY, cohort=COHORT, seed=SEED,
        patients=patients, out=Path(folder, "population.zarr"), client=client,
    ).close()  # fmt: skip
    return time.perf_counter() - begin


def _extrapolated(patients: int, of_patient: float, of_chunk: float, written: float) -> dict[str, Any]:
    """Hours: workers share the patients, and the client alone has the overhead of the chunks; the longer one counts."""
    client = of_chunk * patients / CHUNK
    hours = {str(workers): max(of_patient * patients / workers, client) / 3600 for workers in WORKERS}
    return {"patients": patients, "hours": hours, "client_hours": client / 3600, "GB": 1e-9 * patients * written}
