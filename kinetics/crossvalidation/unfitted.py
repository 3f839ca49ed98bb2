"""Published numbers of sources that a fit does not have: left out by construction, they need no refit."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.fit_results import result_path
from kinetics.cohorts.lineage import committed_result, fits_behind
from kinetics.crossvalidation.distance import distance_from, fitted_arms
from kinetics.crossvalidation.folds import UNFITTED, Fold
from kinetics.crossvalidation.left_out import FoldResult, LeftOutNumber
from kinetics.errors import Fault, Faults, InputError, IntegrationError
from kinetics.estimate import Estimates, FitProblem
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.files.arguments import loaded
from kinetics.files.tables import read_table
from kinetics.published import NORMAL_95, EvidenceRow, PublishedFact, read_facts, simulated_patients
from kinetics.published.evaluating import evidence_path
from kinetics.published.kinds import Quantity
from kinetics.published.patients import Patients
from kinetics.published.settings import read_settings
from kinetics.units import conversion, parse_unit

PATIENTS, PATIENTS_OF_DRAWS = 256, 64
"""Of each arm at the estimates; and of each draw of the parameters, the same under every draw."""
DRAWS = 32
"""Of the parameters: their standard deviation then has a relative error of an eighth."""
LARGEST = 3.0
"""An error beyond this logarithm, a factor of twenty, counts as this; so does a time that the model never has."""


def unfitted_facts(
    problem: FitProblem, kinds: Sequence[str] | None = None, evidence: str | Path | None = None
) -> list[PublishedFact]:
    """The published numbers that a fit predicts, of sources that neither it nor another fit has.

    They are numbers that count, of outputs in units of those that were fitted, with an interval or a number of
    patients, in arms whose cohort takes the committed estimates of the fit and whose regimen has a course.

    Parameters
    ----------
    kinds : sequence of str, optional
        What is left out; None for all. Without ``source`` there are no such numbers.
    evidence : str or pathlib.Path, optional
        Their file, by name or path; by default ``evidence.csv`` beside the problem, or the one that it extends, if
        there is one.

    Raises
    ------
    InputError
        With every fault of the file; if one is named that has none of them, or needs none.
    """
    by_source = kinds is None or "source" in kinds
    if evidence is None:
        beside = (problem.extends or (problem.path,))[0].with_name("evidence.csv")
        return _facts_in(beside, problem) if by_source and beside.is_file() else []
    if not by_source:
        raise InputError(Fault("has numbers of other sources; leave out sources too", name="evidence"))
    path = loaded("evidence", evidence, Path, evidence_path)
    facts = _facts_in(path, problem)
    if not facts:
        message = f"has no number of another source that fit '{problem.name}' predicts"
        raise InputError(Fault(message, str(path), "evidence"))
    return facts


def _facts_in(path: Path, problem: FitProblem) -> list[PublishedFact]:
    faults = Faults()
    placed = read_table(path, EvidenceRow, faults)
    facts = read_facts(placed, faults)
    faults.raise_if_any()
    used = {each.row.source for each in placed if each.row.in_fit}
    used |= {target.row.source for target in problem.fitted}
    kept = [fact for fact in facts if fact.placed.row.source not in used and _is_number(fact)]
    kept = [fact for fact in kept if _is_level(fact, problem)]
    if not problem.extends:
        return [fact for fact in kept if _takes_estimates(fact, problem)]
    base = FitProblem.load(problem.extends[0])
    own = [fact for fact in kept if _takes_estimates(fact, base) and _quantity(fact).arm.model.name == base.model.name]
    return [fact.under(lambda arm: replace(arm, model=problem.model)) for fact in own]


def _is_number(fact: PublishedFact) -> bool:
    """Whether it is a number that counts, and somebody can say how far a study's may be from that of all."""
    row = fact.placed.row
    counts = row.use == "validate" and row.is_verified and not row.is_direction and fact.not_counted is None
    has_value = row.value is not None and row.statistic not in ("sd", "range")
    has_error = row.needs_studies or (row.interval is not None and bool(np.isfinite(row.interval).all()))
    return counts and has_value and has_error


def _is_level(fact: PublishedFact, problem: FitProblem) -> bool:
    """Whether it is a level, or made of levels, of an output in the unit of one that was fitted."""
    if fact.quantity is None or fact.quantity.discrepancy_class is None or fact.exploratory:
        return False
    outputs = (problem.model.outputs.get(target.row.output) for target in problem.fitted)
    fitted = {output.unit.dimensionality for output in outputs if output is not None}
    output = fact.quantity.arm.model.outputs.get(fact.quantity.output)
    return output is not None and output.unit.dimensionality in fitted


def _takes_estimates(fact: PublishedFact, problem: FitProblem) -> bool:
    arm, cohort = _quantity(fact).arm, fact.placed.row.cohort
    if not cohort or not arm.course_starts.size or problem.name not in fits_behind(arm.model, cohort):
        return False
    return committed_result(arm.model, problem.name, cohort).resolve() == result_path(problem.path).resolve()


def predict_unfitted(problem: FitProblem, estimates: Estimates, facts: Sequence[PublishedFact]) -> list[FoldResult]:
    """One fold a source: its numbers beside what the estimates of a fit predict.

    A fit that extends another stands for it in the cohorts that take the estimates of the other, with its own model.
    Facts of one cohort and regimen share their patients: `PATIENTS` at the estimates, and `PATIENTS_OF_DRAWS` at each
    of `DRAWS` draws from the covariances of all fits behind the cohort.
    """
    if problem.extends:
        estimates = replace(estimates, fit=problem.extends[0].stem)
    arms, numbers = defaultdict[Hashable, list[PublishedFact]](list), dict[PublishedFact, LeftOutNumber | str]()
    for fact in facts:
        arms[_quantity(fact).arm.key].append(fact)
    begun = time.perf_counter()
    for of_arm in arms.values():
        try:
            numbers |= dict(_of_arm(problem, estimates, of_arm))
        except IntegrationError as error:
            numbers |= dict.fromkeys(of_arm, str(error))
    seconds = (time.perf_counter() - begun) / max(len(facts), 1)
    sources = defaultdict[str, list[PublishedFact]](list)
    for fact in facts:
        sources[fact.placed.row.source].append(fact)
    return [_fold(source, {fact: numbers[fact] for fact in own}, seconds) for source, own in sources.items()]


def _fold(source: str, numbers: Mapping[PublishedFact, LeftOutNumber | str], seconds: float) -> FoldResult:
    """The numbers of a source, each finding counted once; without any if one of them has a reason why there is none."""
    fold = Fold(UNFITTED, source, tuple(fact.placed.row.name for fact in numbers))
    sizes = Counter(fact.placed.row.finding_name for fact in numbers)
    known = tuple(
        replace(one, weight=1 / sizes[fact.placed.row.finding_name])
        for fact, one in numbers.items()
        if isinstance(one, LeftOutNumber)
    )
    failure = next((one for one in numbers.values() if isinstance(one, str)), "")
    return FoldResult(fold, () if failure else known, not failure, len(numbers) * seconds, failure)


def _of_arm(
    problem: FitProblem, estimates: Estimates, facts: Sequence[PublishedFact]
) -> Iterator[tuple[PublishedFact, LeftOutNumber | str]]:
    """The numbers of one arm."""
    row, arm, quantities = facts[0].placed.row, _quantity(facts[0]).arm, [_quantity(fact) for fact in facts]
    cohort, settings = str(row.cohort), read_settings(row.set, arm.model)
    chain = chain_of_fits(arm.model, estimates, cohort)

    def patients_of(values: CohortParameters, number: int) -> Patients:
        arm_of = replace(arm, cohort=values.with_estimates(settings))
        return simulated_patients(quantities, arm_of, number, problem.seed)

    estimated = estimated_cohort(arm.model, chain, cohort)
    patients = patients_of(estimated, PATIENTS)
    cohorts = [estimated, *drawn_cohorts(arm.system, chain, cohort, DRAWS, problem.seed)]
    populations = (patients_of(values, PATIENTS_OF_DRAWS) for values in cohorts)
    drawn = np.array([[each.scaled(each.answer(one)) for each in quantities] for one in populations])
    is_fitted = cohort in {fit.cohort for fit in chain} | {target.row.cohort for target in problem.fitted}
    for fact, quantity, of_draws in zip(facts, quantities, drawn.T, strict=True):
        predicted = quantity.scaled(quantity.answer(patients))
        error, spread = _published(fact) - predicted, _deviation(of_draws)
        steps, sampling = 1.0 + _steps(problem, fact, is_fitted, patients), _sampling_sd(fact, patients)
        if math.isnan(error + sampling + spread):
            yield fact, f"the model has no number beside {fact.placed.row.name}"
            continue
        error, number = float(np.clip(error, -LARGEST, LARGEST)), str(quantity.discrepancy_class)
        yield fact, LeftOutNumber(fact.placed.row.name, quantity.output, number, error, sampling, spread, steps)


def _published(fact: PublishedFact, more: float = 0.0) -> float:
    """The published number, or one that is ``more`` in its unit, as errors are."""
    return _quantity(fact).scaled((float(fact.placed.row.value or 0.0) + more) / fact.factor)


def _deviation(drawn: np.ndarray) -> float:
    """How far draws are from the first, which is at the estimates: the root mean square."""
    at_estimates, *draws = drawn
    if not math.isfinite(at_estimates):
        return LARGEST
    return math.sqrt(float(np.mean(np.clip(np.array(draws) - at_estimates, -LARGEST, LARGEST) ** 2)))


def _sampling_sd(fact: PublishedFact, patients: Patients) -> float:
    """Of the number of a study, as the interval of the source or its number of patients says, and by rounding."""
    row, quantity, sd = fact.placed.row, _quantity(fact), 0.0
    if row.needs_studies:
        lower, upper = map(quantity.scaled, quantity.studies(patients, row.n or 0))
        sd = (upper - lower) / (2 * NORMAL_95)
    elif row.lower is not None and row.upper is not None:
        lower, upper = (quantity.scaled(end / fact.factor) for end in (row.lower, row.upper))
        sd = (upper - lower) / (2 * NORMAL_95)
    elif row.sd is not None and row.n is not None:
        of_mean = row.sd / math.sqrt(row.n)
        sd = (_published(fact, of_mean) - _published(fact, -of_mean)) / 2
    half = 0.5 * (row.rounding or 0.0)
    rounded = _published(fact, half) - _published(fact, -half)
    return math.hypot(min(abs(sd), LARGEST), min(abs(rounded), LARGEST) / math.sqrt(12))


def _steps(problem: FitProblem, fact: PublishedFact, is_fitted: bool, patients: Patients) -> float:
    """Steps from the data as a prediction has them, when the model has the number."""
    quantity = _quantity(fact)
    unit, starts, moment = quantity.arm.model.time, quantity.arm.course_starts, quantity.moment(patients)
    begun = starts[starts < moment] if starts[0] < moment else starts[:1]
    month = float(conversion(parse_unit("month"), unit))
    arms, times = fitted_arms(problem), np.array([moment])
    return distance_from(arms, is_fitted, quantity.arm.regimen, times, begun, month).steps


def _quantity(fact: PublishedFact) -> Quantity:
    assert fact.quantity is not None
    return fact.quantity
