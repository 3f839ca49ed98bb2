"""The batch engine of this project, on all threads."""

from __future__ import annotations

import numpy as np

from kinetics.engines import Tolerances, batch
from workload import Workload

__all__ = ["Engine"]


class Engine:
    """Many patients at once in lanes; one patient by the scalar kernel, as `kinetics simulate` takes it."""

    name = "batch"
    about = "Rodas5P, compiled, all threads"
    together = True
    relative = (1e-5, 3e-6, 1e-6, 5e-7, 3e-7, 2e-7, 1.5e-7, 1e-7, 5e-8, 2e-8)
    absolute = (1e-3, 1e-4, 1e-5, 1e-6)

    def __init__(self, work: Workload) -> None:
        self._work = work
        self._plans = [(work.segments, work.starts)]

    def outputs(self, constants: np.ndarray, tolerances: Tolerances, times: np.ndarray) -> np.ndarray:
        """Outputs at some times, (patient, time, output)."""
        if len(constants) == 1:
            found = batch.integrate(self._work.reduced, constants[0], self._work.segments, tolerances=tolerances)
            return found.outputs(times)[None]
        which = np.zeros(len(constants), dtype=np.int64)
        many = batch.integrate_many(self._work.reduced, constants, self._plans, which, times, tolerances=tolerances)
        return many.outputs
