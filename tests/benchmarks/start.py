"""From the start of a process to its first result, with an empty cache of compiled code and with a full one."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

__all__ = ["CALLS", "measure"]

CALLS = ("patient", "population", "gradient")
_HERE = str(Path(__file__))


def measure(call: str, repeats: int) -> dict[str, Any]:
    """The first process of a fresh cache, then further ones.

    Parameters
    ----------
    call : {"patient", "population", "gradient"}
        What is computed: one patient, a few patients on all threads, ten sensitivities.
    repeats : int
        Further processes.
    """
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        environment = {**os.environ, "LYMPHOKINETICS_CACHE": folder}
        first = _process(call, environment)
        later = [_process(call, environment) for _ in range(repeats)]
    return {"call": call, "first_use": first, "later": min(later, key=lambda one: one["to_first_result_s"])}


def _process(call: str, environment: dict[str, str]) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.time()  # a clock that both processes share
    command = [sys.executable, _HERE, call]
    told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    moments = json.loads(told)
    return {
        "processor_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "to_first_result_s": moments["result"] - begin,
        "imports_s": moments["imported"] - moments["started"],
        "without_imports_s": moments["result"] - begin - (moments["imported"] - moments["started"]),
    }


def _first_result(call: str) -> dict[str, float]:
    moments = {"started": time.time()}
    from kinetics.engines import batch
    from kinetics.model import Model
    from kinetics.regimen import Regimen
    from kinetics.simulation.simulating import simulate

    moments["imported"] = time.time()
    if call == "gradient":
        from workload import COHORTS, load_workload

        work = load_workload()
        cohort = work.cohort(COHORTS[0])
        names = [name for name in work.system.parameters if cohort.spreads.get(name)][:10]
        parameters = work.system.parameter_array(cohort.values)
        batch.integrate_with_sensitivities(work.reduced, parameters, names, work.segments).outputs(work.months)
    else:
        patients = None if call == "patient" else 16
        asked: dict[str, Any] = {"until": "10 year", "every": "1 month", "cohort": "relapsing", "engine": "batch"}
        simulate(Model.load("reconstitution"), Regimen.load("ms_licensed"), patients=patients, **asked)
    moments["result"] = time.time()
    return moments


if __name__ == "__main__":
    print(json.dumps(_first_result(sys.argv[1])))
