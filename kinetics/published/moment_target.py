"""A published mean, or covariance of two measurements, of normal measurements; and those of an arm together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kinetics.errors import Fault, Faults, InputError
from kinetics.published.likelihoods.joint_normal import JointNormal
from kinetics.published.likelihoods.predicted_summary import Interval, PredictedSummary
from kinetics.published.row import NORMAL_95
from kinetics.published.target import RowInFit, Target

SAME = 0.02
"""Relative difference of two rows that say the same, but for rounding."""


@dataclass(frozen=True, order=True)
class Measurement:
    """An output at a time, in the model's, and the factor from its unit to that of the row."""

    output: str
    time: float
    factor: float


@dataclass(frozen=True, eq=False)
class MomentTarget(Target):
    """A mean of ``first``, with its standard deviation, or the covariance of ``first`` and ``second``."""

    first: Measurement
    second: Measurement | None

    def predicted(self, mean: np.ndarray, covariance: np.ndarray) -> PredictedSummary:
        """The number of the model by moments of its measurements, with where that of a study of its size lies."""
        row, n = self.row, self.row.n or math.nan
        variances = np.maximum(covariance.diagonal(), 0.0)
        if self.second is not None:
            own = float(covariance[0, -1])
            reach = NORMAL_95 * math.sqrt((variances[0] * variances[-1] + own**2) / n)
            return PredictedSummary(row, Interval(own, own - reach, own + reach), None)
        value, sd = float(mean[0]), math.sqrt(variances[0])
        reach = NORMAL_95 * sd / math.sqrt(n)
        ratio = math.exp(NORMAL_95 / math.sqrt(2 * (n - 1))) if n > 1 else math.nan
        spread = None if row.sd is None else Interval(sd, sd / ratio, sd * ratio)
        return PredictedSummary(row, Interval(value, value - reach, value + reach), spread)

    @property
    def measurements(self) -> list[Measurement]:
        """What it is of, one or two."""
        return [self.first, *([] if self.second is None else [self.second])]


def moment_target(entry: RowInFit) -> MomentTarget:
    """Check a published row against a model and make it a target of normal measurements.

    An `InputError` has every fault: another kind or statistic, an unknown output, a row for fitting without n.
    """
    row, faults = entry.row, Faults()
    if row.kind != "count" or row.statistic not in ("mean", "covariance"):
        faults.add(
            f"a {row.statistic} of kind {row.kind} is no moment: give a mean or covariance of counts", name=row.name
        )
    if row.use == "fit" and row.n is None:
        message = "the likelihood needs the number of patients n"
        faults.add(f"{message}; without it give the row use = validate", name=f"{row.name}.n")
    if row.use == "fit" and row.statistic == "mean" and row.sd is None:
        faults.add("a mean of normal measurements needs its sd", name=f"{row.name}.sd")
    if row.use == "fit" and row.n is not None and row.n < 2:
        faults.add("one patient has no standard deviation", name=f"{row.name}.n")
    if row.standard_error is not None:
        faults.add("is of a fit of the typical patient; give sd and n", name=f"{row.name}.standard_error")
    entry = entry.timed(faults)
    first: Measurement | None = None
    second: Measurement | None = None
    with faults.gather(name=row.name):
        factor = 1.0
        if row.statistic == "covariance":
            other, time = row.with_output or row.output, row.with_time
            units = entry.model.output(row.output).unit * entry.model.output(other).unit
            # the factor is shared by the two, of which each has a part
            factor = math.sqrt(entry.factor(units))
            second = Measurement(other, entry.time if time is None else entry.time_of(time), factor)
        else:
            factor = entry.factor(entry.model.output(row.output).unit)
        first = Measurement(row.output, entry.time, factor)
    faults.raise_if_any()
    assert first is not None
    return MomentTarget(row, entry.regimen, first, second, settings=entry.settings)


@dataclass(frozen=True, eq=False)
class ArmMoments:
    """The fitted moments of one arm, whose covariances are all published. Make it with `of`.

    ``measurements`` are those of the means, in their order; ``normal`` is the likelihood of the arm, in the units of
    the model.
    """

    measurements: tuple[tuple[str, float], ...]
    normal: JointNormal

    @classmethod
    def of(cls, targets: Sequence[MomentTarget]) -> ArmMoments:
        """The moments of the rows of one arm.

        Raises
        ------
        InputError
            With every covariance that is missing or of no mean, numbers of patients that differ, and, with the row, a
            matrix that is not positive definite.
        """
        means = [target for target in targets if target.second is None]
        pairs = [target for target in targets if target.second is not None]
        order, faults = [_key(target.first) for target in means], Faults()
        for index, (key, target) in enumerate(zip(order, means, strict=True)):
            if key in order[:index]:
                faults.add(f"the arm has another mean of {key[0]} at this time", name=target.row.name)
        faults.raise_if_any()
        matrix = _matrix(order, means, pairs, faults)
        faults.raise_if_any()
        _check_complete(means, pairs, matrix, faults)
        faults.raise_if_any()
        _check_definite(order, pairs, matrix)
        mean = np.array([float(target.row.value or 0.0) / target.first.factor for target in means])
        return cls(tuple(order), JointNormal(int(means[0].row.n or 0), mean, matrix))


def _key(measurement: Measurement) -> tuple[str, float]:
    return measurement.output, measurement.time


def _matrix(
    order: Sequence[tuple[str, float]], means: Sequence[MomentTarget], pairs: Sequence[MomentTarget], faults: Faults
) -> np.ndarray:
    """The covariance matrix in the units of the model; NaN where a covariance is missing."""
    matrix = np.diag([(float(target.row.sd or math.nan) / target.first.factor) ** 2 for target in means])
    matrix[~np.eye(len(order), dtype=bool)] = np.nan
    for target in pairs:
        ends = [_key(one) for one in target.measurements]
        if missing := [end for end in ends if end not in order]:
            message = f"there is no mean of {missing[0][0]} at this time, of which this is a covariance"
            faults.add(message, name=target.row.name)
            continue
        i, j = map(order.index, ends)
        value = float(target.row.value or 0.0) / math.prod(one.factor for one in target.measurements)
        if not (np.isnan(matrix[i, j]) or math.isclose(value, matrix[i, j], rel_tol=SAME)):
            faults.add("differs from what another row of the arm says of the same", name=target.row.name)
        if i != j:
            matrix[i, j] = matrix[j, i] = value
    return matrix


def _check_complete(
    means: Sequence[MomentTarget], pairs: Sequence[MomentTarget], matrix: np.ndarray, faults: Faults
) -> None:
    """Every pair has its covariance, and all rows are of as many patients."""
    rows = [target.row for target in means]
    for i, j in combinations(range(len(rows)), 2):
        if np.isnan(matrix[i, j]):
            message = f"its covariance with '{rows[j].name}' is missing, and others of the arm are there"
            faults.add(message, name=rows[i].name)
    if len({row.n for row in (*rows, *(pair.row for pair in pairs))}) > 1:
        faults.add("rows of one arm with covariances are of different numbers of patients n", name=pairs[0].row.name)


def _check_definite(order: Sequence[tuple[str, float]], pairs: Sequence[MomentTarget], matrix: np.ndarray) -> None:
    """Name the row of the largest correlation of the first measurement that leaves the matrix not definite."""
    for size in range(1, len(order) + 1):
        if np.linalg.eigvalsh(matrix[:size, :size])[0] > 0:
            continue
        sd = np.sqrt(matrix.diagonal()[:size])
        correlations = np.abs(matrix[size - 1, : size - 1] / (sd[:-1] * sd[-1]))
        ends = {order[size - 1], order[int(np.argmax(correlations))]}
        row = next(pair.row for pair in pairs if {_key(one) for one in pair.measurements} == ends)
        hint = f"look first at this, a correlation of {correlations.max():.3g}"
        raise InputError(Fault(f"the covariance matrix of the arm is not positive definite; {hint}", name=row.name))


def arms_of_moments(targets: Sequence[MomentTarget]) -> list[list[MomentTarget]]:
    """Targets whose measurements are jointly normal: an arm with covariances, else each mean for itself."""
    arms: dict[tuple[str, ...], list[MomentTarget]] = {}
    for target in targets:
        arms.setdefault(target.arm, []).append(target)
    groups: list[list[MomentTarget]] = []
    for rows in arms.values():
        has_covariances = any(row.second is not None for row in rows)
        groups += [rows] if has_covariances else [[row] for row in rows]
    return groups
