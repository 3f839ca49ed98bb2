"""SciPy's integrators, made to stop where they would step on for ever, at kinks, rules and what a guard objects to."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import BDF, LSODA, Radau

from kinetics.engines.guard import Guard
from kinetics.engines.kinks import Kinks
from kinetics.engines.rule_monitor import RuleMonitor

MAX_STEPS = 100_000
NOT_FINITE = "The rates or their derivatives are not finite ({})."


def _guarded(solver: Any) -> Any:
    """A solver that gives up where SciPy's own steps on for ever (LSODA at a pole) or raises (BDF, Radau at a NaN).

    It stops early where its kinks or its rule monitor say so, and fails where its guard does.
    """

    class Guarded(solver):
        def __init__(
            self, *args: Any, guard: Guard, kinks: Kinks, steps: int, monitor: RuleMonitor | None = None, **options: Any
        ) -> None:
            self.guard, self.kinks, self.steps, self.monitor = guard, kinks, steps, monitor
            super().__init__(*args, **options)

        # in `step` and not in `_step_impl`: only behind it has SciPy a dense output of the step
        def step(self) -> str | None:
            message = super().step()
            if self.status == "failed":
                return message
            end = self.t
            if self.kinks.step(self.dense_output, (self.t_old, self.t), self.y) and self.kinks.met is not None:
                self.status, end = "finished", self.kinks.met[0]
            # what lies beyond a kink is thrown away, and a rule that acts before it comes first
            if self.monitor is not None and self.monitor.step(self.dense_output(), self.t_old, end):
                self.status, self.kinks.met = "finished", None
            return message

        def _step_impl(self) -> tuple[bool, str | None]:
            before, left = self.t, self.y
            try:
                success, message = super()._step_impl()
            except (ArithmeticError, ValueError) as error:
                return False, NOT_FINITE.format(error)
            if not success:
                return success, message
            self.steps += 1
            if not np.isfinite(self.y).all():
                return False, "The next step is not a finite number."
            # LSODA goes on from a pole with steps that do not move the clock, and tells of success
            if self.t <= before:
                return False, "The step size fell to zero."
            if self.steps > MAX_STEPS:
                return False, f"More than {MAX_STEPS} steps."
            if fault := self.guard.fault(self.fun, (before, self.t), left, self.y):
                return False, fault
            return True, None

    return Guarded


SOLVERS = {"LSODA": _guarded(LSODA), "BDF": _guarded(BDF), "Radau": _guarded(Radau)}
