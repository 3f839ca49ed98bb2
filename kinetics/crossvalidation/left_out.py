"""Published numbers of a fold beside what a fit of all other rows predicts of them, on the logarithm."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit

from kinetics.crossvalidation.folds import Fold, only, without
from kinetics.errors import IntegrationError
from kinetics.estimate import FitProblem
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.search import AnyObjective, minimise, objective_of
from kinetics.estimate.uncertainty.covariance import uncertainty
from kinetics.published import NORMAL_95, PopulationTarget, PublishedRow, Target, TypicalTarget
from kinetics.published.kinds import KINDS
from kinetics.published.likelihoods import PredictedSummary
from kinetics.units import conversion, parse_unit

INFORMATIVE = 1.0
"""A left-out number whose log standard error is larger, a factor of seven either way, is not predicted by the rest."""
STEP = 1e-4
"""Of the logarithm of a parameter, in differences of a population's summary."""


@dataclass(frozen=True)
class LeftOutNumber:
    """A published number and what a fit without its fold predicts of it, on the logarithm; of a share on the logit.

    ``number`` is ``value``, ``sd`` (a row's standard deviation between patients), ``share`` or ``time``. ``error`` is
    published minus predicted. ``sampling_sd`` is the standard error of a study of the published size, rounding
    included; ``parameter_sd`` is what the parameters of the fold's fit leave open. ``steps`` is how far the number is
    from the data, and ``weight`` how much it counts: the numbers of one finding count as one.
    """

    row: str
    output: str
    number: str
    error: float
    sampling_sd: float
    parameter_sd: float
    steps: float = 0.0
    weight: float = 1.0

    @property
    def informative(self) -> bool:
        """Whether the other rows predict it at all."""
        return self.parameter_sd <= INFORMATIVE

    @property
    def variance(self) -> float:
        """That of the error if the model is right."""
        return self.sampling_sd**2 + self.parameter_sd**2


@dataclass(frozen=True)
class FoldResult:
    """A fold, refitted: its numbers, or ``failure``, why there are none; ``converged`` is of the search."""

    fold: Fold
    numbers: tuple[LeftOutNumber, ...]
    converged: bool
    seconds: float
    failure: str = ""


def predict_left_out(problem: FitProblem, fold: Fold, optimum: np.ndarray) -> FoldResult:
    """Refit a problem without a fold by one search from the optimum of all rows, and predict the rows of the fold.

    ``optimum`` are logarithms, (parameter,). Where the rest and the priors say nothing of a parameter, it stays there
    and ``parameter_sd`` is large: the error of such a number says nothing. A published range has no value: its row is
    left out and not predicted.
    """
    begun = time.perf_counter()
    try:
        rest = objective_of(without(problem, fold))
        search = minimise(rest, np.clip(optimum, rest.lower, rest.upper))
        covariance = uncertainty(rest, search.end).covariance
        numbers = tuple(_numbers(objective_of(only(problem, fold)), search.end, covariance))
    except (IntegrationError, np.linalg.LinAlgError) as error:
        return FoldResult(fold, (), False, time.perf_counter() - begun, str(error))
    numbers = tuple(replace(one, steps=fold.steps) for one in numbers)
    failure = "" if all(math.isfinite(one.error) for one in numbers) else "the model does not reach a number left out"
    return FoldResult(fold, () if failure else numbers, search.converged, time.perf_counter() - begun, failure)


def _numbers(left_out: AnyObjective, optimum: np.ndarray, covariance: np.ndarray) -> Iterator[LeftOutNumber]:
    if isinstance(left_out, PopulationObjective):
        yield from _of_population(left_out, optimum, covariance)
    else:
        assert isinstance(left_out, Objective)
        yield from _of_typical_patient(left_out, optimum, covariance)


def _of_typical_patient(left_out: Objective, optimum: np.ndarray, covariance: np.ndarray) -> Iterator[LeftOutNumber]:
    """The residuals of a fit are errors in units of a standard deviation: here without it."""
    residuals = left_out.rows(optimum, left_out.names)
    for target, value, gradient in zip(left_out.problem.fitted, residuals.values, residuals.jacobian, strict=True):
        assert isinstance(target, TypicalTarget)
        if not target.row.is_range:
            sampling = math.hypot(target.row.own_log_se() or 0.0, _rounding(target.row, target.row.value))
            slope = gradient * target.error_sd
            yield _number(target, _scale(target.row), -value * target.error_sd, sampling, slope, covariance)


def _of_population(
    left_out: PopulationObjective, optimum: np.ndarray, covariance: np.ndarray
) -> Iterator[LeftOutNumber]:
    """A summary of virtual patients is differentiated along the sensitivities of all patients."""
    estimates = dict(zip(left_out.names, np.exp(optimum).tolist(), strict=True))
    for patients, targets in left_out.arms(left_out.problem.fitted):
        values, derivatives = patients.simulate_with_derivatives(estimates, left_out.names)
        moved = [
            [replace(values, values=values.values + side * STEP * along) for side in (1, -1)] for along in derivatives
        ]
        for target in targets:
            if target.row.is_range:
                continue
            at = _summaries(target, target.predicted(values))
            beside = [[_summaries(target, target.predicted(one)) for one in pair] for pair in moved]
            for name, (error, sampling) in at.items():
                # the error falls as the prediction rises
                slope = np.array([(down[name][0] - up[name][0]) / (2 * STEP) for up, down in beside])
                yield _number(target, name, error, sampling, slope, covariance)


def _summaries(target: PopulationTarget, predicted: PredictedSummary) -> dict[str, tuple[float, float]]:
    """Error and standard error of each number of a row."""
    row, interval = target.row, predicted.interval
    known = interval.ends is not None
    if row.of_patients:
        n, unit = row.n or math.inf, float(conversion(parse_unit("1"), parse_unit(row.unit)))
        published, value, lower, upper = (
            float(logit(np.clip(share / unit, 0.5 / n, 1 - 0.5 / n))) for share in (row.value or 0.0, *interval)
        )
        return {"share": (published - value, (upper - lower) / (2 * NORMAL_95))}
    relative = (interval.upper - interval.lower) / (2 * NORMAL_95) / interval.value if known else row.own_log_se()
    sampling = math.hypot(relative or 0.0, _rounding(row, row.value))
    numbers = {_scale(row): (_log_ratio(row.value, interval.value), sampling)}
    if predicted.spread is not None and predicted.spread.ends is not None:
        spread = predicted.spread
        relative = math.log(spread.upper / spread.lower) / (2 * NORMAL_95)
        numbers["sd"] = _log_ratio(row.sd, spread.value), math.hypot(relative, _rounding(row, row.sd))
    return numbers


def _number(
    target: Target, name: str, error: float, sampling: float, slope: np.ndarray, covariance: np.ndarray
) -> LeftOutNumber:
    of_parameters = math.sqrt(max(float(slope @ covariance @ slope), 0.0))
    return LeftOutNumber(target.row.name, target.row.output, name, float(error), float(sampling), of_parameters)


def _scale(row: PublishedRow) -> str:
    """Which numbers have errors like its own."""
    return KINDS[row.kind].discrepancy_class or "value"


def _log_ratio(published: float | None, value: float) -> float:
    return math.log((published or math.nan) / value) if 0 < value < math.inf else math.inf


def _rounding(row: PublishedRow, number: float | None) -> float:
    """The standard deviation that rounding a number gives its logarithm: a step is uniform."""
    return (row.rounding or 0.0) / (number or math.inf) / math.sqrt(12)
