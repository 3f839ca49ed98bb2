"""Predictions of the rows of studies whose arms share the parameters of the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.engines import Tolerances, batch
from kinetics.estimate.problem.problem import FitProblem, targets_by_arm
from kinetics.mixed_effects import Observations
from kinetics.published import Arm, TypicalTarget
from kinetics.published.kinds.count import TypicalCount
from kinetics.regimen import Segments

TOLERANCES = Tolerances(relative=1e-9, absolute=1e-13)
BASELINE = 0.0
"""Time of the value before treatment, of which percentages are."""


@dataclass(frozen=True, eq=False)
class StudyPredictions:
    """The `StructuralModel` of studies: predictions in units of the standard errors of their rows.

    Parameters
    ----------
    system : System
        The compiled model.
    parameters : tuple of str
        Flat names of those that a lane has values of.
    table : ndarray, (arm, parameter)
        All parameters of each arm of the studies.
    plans : list of Segments
        The doses of each arm.
    times, outputs : ndarray and tuple of str
        What is simulated.
    arms : list of ndarray
        The numbers of the arms of each study.
    arm, time, output : ndarray of int, (study, row)
        Of each row: which arm of its study, and which of ``times`` and ``outputs``; padded.
    factor, relative, logarithmic, sd : ndarray, (study, row)
        From the unit of the model to that of the row, whether it is a percentage of baseline, whether its error is of
        the logarithm, and the standard deviation of the error.
    """

    system: System
    parameters: tuple[str, ...]
    table: np.ndarray
    plans: list[Segments]
    times: np.ndarray
    outputs: tuple[str, ...]
    arms: list[np.ndarray]
    arm: np.ndarray
    time: np.ndarray
    output: np.ndarray
    factor: np.ndarray
    relative: np.ndarray
    logarithmic: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(
        cls,
        problem: FitProblem,
        targets: Sequence[TypicalTarget],
        observations: Observations,
        parameters: tuple[str, ...],
    ) -> StudyPredictions:
        """Predictions of targets, the rows of a table of observations, whose individuals are studies."""
        by_arm = list(targets_by_arm(problem, targets).items())
        counts = {target: quantity_of(target) for target in targets}
        times = np.unique([BASELINE, *(count.time for count in counts.values())])
        outputs = tuple(dict.fromkeys(count.output for count in counts.values()))
        of_row = {target: number for number, (_, rows) in enumerate(by_arm) for target in rows}
        pairs = sorted({(target.row.trial, number) for target, number in of_row.items()})
        arms = {study: np.flatnonzero([pair[0] == study for pair in pairs]) for study in observations.ids}
        slots = [pairs.index((row.row.trial, of_row[row])) - arms[row.row.trial][0] for row in targets]
        system = problem.system
        columns = [
            slots,
            [np.searchsorted(times, count.time) for count in counts.values()],
            [outputs.index(count.output) for count in counts.values()],
            [target.factor for target in targets],
            [count.percent_of_baseline for count in counts.values()],
            [not target.row.on_own_scale for target in targets],
            [target.error_sd for target in targets],
        ]
        simulated = [by_arm[number][0] for _, number in pairs]
        return cls(
            system,
            parameters,
            np.array([system.parameter_array(arm.cohort.values) for arm in simulated]),
            [_plan(arm, times) for arm in simulated],
            times,
            outputs,
            [*arms.values()],
            *(observations.pad(column) for column in columns),
        )

    def predict(self, individuals: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Predictions, (lane, row), at parameters, (lane, 1, parameter), of studies, (lane,)."""
        return self.linearise(individuals, parameters)[0]

    def linearise(self, individuals: np.ndarray, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions, and their exact derivatives, (lane, row, 1, parameter)."""
        numbers = [len(self.arms[study]) for study in individuals]
        lanes = np.repeat(np.arange(len(individuals)), numbers)
        arms = np.concatenate([self.arms[study] for study in individuals])
        table = self.table[arms].copy()
        table[:, [self.system.parameters.index(name) for name in self.parameters]] = parameters[lanes, 0]
        result = batch.integrate_many_with_sensitivities(
            self.system, table, self.parameters, self.plans, arms, self.times, self.outputs, tolerances=TOLERANCES
        )
        begin = np.cumsum([0, *numbers[:-1]])[:, None]
        at = begin + self.arm[individuals], self.time[individuals], self.output[individuals]
        before = at[0], np.searchsorted(self.times, BASELINE), at[2]
        values, slopes = result.outputs[at], result.gradients[at]
        first, first_slopes = result.outputs[before], result.gradients[before]
        relative = self.relative[individuals]
        with np.errstate(all="ignore"):
            share = 100 * values / first
            by_share = 100 * (slopes - (values / first)[..., None] * first_slopes) / first[..., None]
            values = self.factor[individuals] * np.where(relative, share, values)
            slopes = self.factor[individuals][..., None] * np.where(relative[..., None], by_share, slopes)
            logarithmic = self.logarithmic[individuals]
            slopes = np.where(logarithmic[..., None], slopes / values[..., None], slopes)
            values = np.where(logarithmic, np.log(values), values)
        sd = self.sd[individuals]
        return values / sd, (slopes / sd[..., None])[:, :, None, :]


def quantity_of(target: TypicalTarget) -> TypicalCount:
    """What a row of a fit with random effects is of."""
    assert isinstance(target.quantity, TypicalCount)
    return target.quantity


def _plan(arm: Arm, times: np.ndarray) -> Segments:
    return arm.segments(float(times[-1]) or 1.0)
