"""SciPy's LSODA on the same compiled right-hand side and Jacobian, one patient after the other."""

from __future__ import annotations

import numpy as np

from kinetics.engines import Tolerances
from kinetics.engines.scipy import integrate
from workload import Workload

__all__ = ["Engine"]


class Engine:
    """One process, one patient at a time."""

    name = "scipy LSODA"
    about = "solve_ivp, compiled right-hand side and Jacobian, one process"
    together = False
    relative = (1e-6, 3e-7, 1e-7, 5e-8, 2e-8, 1e-8, 5e-9, 2e-9, 1e-9)
    absolute = (1e-4, 1e-5)

    def __init__(self, work: Workload) -> None:
        self._work = work

    def outputs(self, constants: np.ndarray, tolerances: Tolerances, times: np.ndarray) -> np.ndarray:
        """Outputs at some times, (patient, time, output)."""
        system, given = self._work.reduced, self._work.segments
        found = [integrate(system, one, given, tolerances=tolerances).outputs(times) for one in constants]
        return np.array(found)
