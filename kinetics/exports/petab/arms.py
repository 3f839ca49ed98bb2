"""The arms of a fit as one model and experiments of PEtab: what differs between patients, and when doses are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kinetics.errors import Faults
from kinetics.estimate.problem.problem import FitProblem, targets_by_arm
from kinetics.exports.dosing.additions import Additions
from kinetics.exports.dosing.periods import Changes, DosePeriods
from kinetics.published import Arm, TypicalTarget
from kinetics.regimen import segments
from kinetics.regimen.segments import check_fixed


@dataclass(frozen=True)
class Experiment:
    """An arm: its name, the rows that are of it, and what is set at which time."""

    name: str
    targets: Sequence[TypicalTarget]
    periods: Mapping[float, Changes]


@dataclass(frozen=True)
class Arms:
    """The experiments of a fit, and the parameter values, by flat name, from which their conditions set out."""

    experiments: Sequence[Experiment]
    values: Mapping[str, float]


def arms_of(problem: FitProblem, targets: Sequence[TypicalTarget], parts: Additions) -> Arms:
    """The arms of some rows; rates of infusions join what is added to the model.

    Raises
    ------
    InputError
        If a regimen has rules, or gives a drug of which the model states a lag or more; each arm that has is named.
    """
    by_arm = targets_by_arm(problem, targets)
    _check(list(by_arm), problem)
    estimated = {one.flat for one in problem.free}
    given = [{n: arm.cohort.values[n] for n in problem.model.defaults if n not in estimated} for arm in by_arm]
    periods, experiments = DosePeriods(parts), list[Experiment]()
    for number, ((arm, own), values) in enumerate(zip(by_arm.items(), given, strict=True), 1):
        changes = {name: repr(float(value)) for name, value in values.items() if value != given[0][name]}
        doses = periods.of(_plan(arm, own), values)
        first = {**changes, **doses.pop(0.0, {})}
        experiments.append(Experiment(f"arm_{number}", own, {0.0: first, **doses}))
    return Arms(experiments, given[0])


def experiment_rows(arms: Arms) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The tables of experiments and of conditions; a period that sets nothing has no condition."""
    experiments: list[dict[str, Any]] = []
    conditions: list[dict[str, Any]] = []
    for one in arms.experiments:
        for number, (time, changes) in enumerate(one.periods.items()):
            condition = f"{one.name}_period_{number}" if changes else ""
            experiments.append({"experimentId": one.name, "time": time, "conditionId": condition})
            conditions += [
                {"conditionId": condition, "targetId": target, "targetValue": value}
                for target, value in changes.items()
            ]
    return experiments, conditions


def _check(arms: Sequence[Arm], problem: FitProblem) -> None:
    faults = Faults()
    for arm in arms:
        if arm.regimen.rules:
            faults.add("has rules, and PEtab gives doses at known times alone", name=arm.regimen.name)
        with faults.gather():
            check_fixed(
                arm.regimen, arm.regimen.doses, problem.model, "a period of PEtab gives a dose at once and whole"
            )
    faults.raise_if_any()


def _plan(arm: Arm, targets: Sequence[TypicalTarget]) -> Any:
    """The doses of an arm up to its last row."""
    units = {name: dose.unit for name, dose in arm.model.doses.items()}
    return segments(arm.regimen, units, arm.model.time, max(target.horizon() for target in targets) or 1.0)
