"""The arms of a fit problem: what is simulated once for all of its rows that are of the same patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from kinetics.estimate.problem.problem import FitProblem
from kinetics.published import Arm, Target

__all__ = ["targets_by_arm"]

T = TypeVar("T", bound=Target)


def targets_by_arm(problem: FitProblem, targets: Sequence[T]) -> dict[Arm, list[T]]:
    """The targets of each cohort under each regimen, with the estimates of the fits before this one in the cohort."""
    arms: dict[tuple[str, str], Arm] = {}
    by_arm: dict[Arm, list[T]] = {}
    for target in targets:
        cohort, regimen = target.row.cohort, target.regimen
        arm = arms.setdefault((cohort, regimen.content_hash), Arm(problem.model, problem.cohort(cohort), regimen))
        by_arm.setdefault(arm, []).append(target)
    return by_arm
