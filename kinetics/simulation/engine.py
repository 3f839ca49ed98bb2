"""Which engine integrates a simulation, and how accurately."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines import Tolerances, batch, events, scipy
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import InputError
from kinetics.regimen import Segments, Triggers

ENGINES = ("auto", "scipy", "batch")


@dataclass(frozen=True)
class Engine:
    """An engine with its error bounds; ``method`` is empty for the batch engine."""

    method: str
    tolerances: Tolerances

    @property
    def name(self) -> str:
        """How results name it."""
        return f"scipy {self.method}" if self.method else "batch Rodas5P"

    def integrate(
        self,
        system: System,
        constants: np.ndarray,
        segments: Segments,
        triggers: Triggers | None = None,
        start: np.ndarray | None = None,
    ) -> Trajectory:
        """One patient with a dense solution, from a start or else the model's own."""
        if system.model.events:
            solve = partial(self._solve, system, constants)
            return events.integrate(system, constants, segments, solve, self.tolerances, start=start, triggers=triggers)
        return self._solve(system, constants, segments, start, self.tolerances, triggers)

    def _solve(
        self,
        system: System,
        constants: np.ndarray,
        segments: Segments,
        start: np.ndarray | None,
        tolerances: Tolerances,
        triggers: Triggers | None = None,
    ) -> Trajectory:
        """Between events."""
        options: dict[str, Any] = {"tolerances": tolerances, "triggers": triggers, "start": start}
        if self.method:
            return scipy.integrate(system, constants, segments, method=self.method, **options)
        return batch.integrate(system, constants, segments, **options)


def check_engine(engine: str) -> None:
    """Refuse, with an `InputError`, a name that is none of `ENGINES`."""
    if engine not in ENGINES:
        raise InputError(f"unknown engine '{engine}'; there are {', '.join(ENGINES)}")


def choose_engine(engine: str, method: str | None, runs: int, tolerances: Tolerances | None) -> Engine:
    """The engine of a simulation.

    ``auto`` takes the batch engine for more than one run, patients or draws, unless a method is given: an integrator of
    the scipy engine, LSODA by default. Tolerances are the engine's own by default.

    Raises
    ------
    InputError
        If there is no such engine or method, or a method is given to the batch engine.

    Examples
    --------
    >>> choose_engine("auto", None, 1000, None).name, choose_engine("auto", "BDF", 1000, None).name
    ('batch Rodas5P', 'scipy BDF')
    """
    check_engine(engine)
    if method is not None and method not in scipy.METHODS:
        raise InputError(f"unknown method '{method}'; there are {', '.join(scipy.METHODS)}")
    if method is not None and engine == "batch":
        raise InputError(f"the batch engine has no method '{method}'; leave out one of the two")
    if engine == "batch" or (engine == "auto" and method is None and runs > 1):
        return Engine("", tolerances or batch.TOLERANCES)
    return Engine(method or scipy.METHODS[0], tolerances or scipy.TOLERANCES)
