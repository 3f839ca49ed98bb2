"""The verb `crossvalidate`: published numbers left out in turn, and predicted from a fit of the rest."""

# what a user gives is checked, whatever its annotation says
# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from kinetics.cohorts.fit_results import result_path
from kinetics.crossvalidation.folds import Fold, checked_kinds, folds_of
from kinetics.crossvalidation.left_out import predict_left_out
from kinetics.crossvalidation.record import FoldRecord
from kinetics.crossvalidation.result import CrossValidation
from kinetics.crossvalidation.unfitted import predict_unfitted, unfitted_facts
from kinetics.errors import Fault, InputError
from kinetics.estimate import Estimates, Fit, FitInterrupted, FitProblem
from kinetics.files.arguments import Progress, loaded
from kinetics.published.facts import PublishedFact


def crossvalidate(
    fit: Fit | FitProblem | str | Path,
    *,
    by: str | Sequence[str] | None = None,
    seed: int | None = None,
    estimates: Estimates | None = None,
    evidence: str | Path | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> CrossValidation:
    """Leave out rows, visits and whole sources of a fit in turn, and predict them from a fit of the rest.

    Each refit is one search from the estimates of all rows. What errors, on the logarithm, have beyond those of
    sampling and of the parameters is the discrepancy of the model. Sources that the fit never had are predicted too.

    Parameters
    ----------
    fit : Fit, FitProblem, str or pathlib.Path
        A fit; or a problem, the name or the path of one, which has a committed result.
    by : str or sequence of str, optional
        What is left out together: ``row``, ``visit`` (all rows of a study at a time), ``source``; by default all of
        which the fit has two.
    seed, estimates : int, Estimates
        Of virtual patients, by default that of the fit; of all rows, by default those of the fit, or committed.
    evidence : str or pathlib.Path, optional
        Published facts of other sources, a file or its name; by default ``evidence.csv`` beside the problem.
    out, resume : optional
        A file, NAME.json, that keeps every fold as soon as it is done; whether to go on from the folds in it.
    progress : callable, optional
        Called with (done, all) folds.

    Returns
    -------
    CrossValidation

    Raises
    ------
    InputError, kinetics.estimate.FitInterrupted
        If there is no such fit, its result is missing or older than its problem, a kind of fold is unknown, or nothing
        would be left to fit, or ``evidence`` has no number of another source; if it is interrupted.

    Examples
    --------
    >>> validated = crossvalidate("my_fit", by=["visit", "source"])  # doctest: +SKIP
    >>> validated.log_score, validated.save()  # doctest: +SKIP
    """
    checked_kinds(by)
    _check_resumed(resume, out)
    problem = fit.problem if isinstance(fit, Fit) else loaded("fit", fit, FitProblem)
    folds, facts = plan_folds(problem, by, evidence)
    estimates = _estimates_of_all_rows(fit, problem) if estimates is None else estimates
    problem = problem.with_settings(seed=seed)
    optimum = problem.log_parameters(estimates.by_flat_name(problem.model))
    record = FoldRecord(out, problem, optimum, resume=resume)
    with _naming_done(record, folds):
        _complete(record, problem, folds, optimum, progress)
        results = (*record.of(folds), *predict_unfitted(problem, estimates, facts))
        return CrossValidation(problem, results, tuple(facts))


def plan_folds(
    problem: FitProblem, by: str | Sequence[str] | None = None, evidence: str | Path | None = None
) -> tuple[list[Fold], list[PublishedFact]]:
    """What is left out in turn, and the facts of sources never fitted; an `InputError` if there is no such thing."""
    kinds = checked_kinds(by)
    _check_statistics(problem)
    facts = unfitted_facts(problem, kinds, evidence)
    return folds_of(problem, kinds, with_unfitted=bool(facts)), facts


@contextmanager
def _naming_done(record: FoldRecord, folds: Sequence[Fold]) -> Iterator[None]:
    """Let an interruption of the block say which folds are done and kept."""
    try:
        yield
    except KeyboardInterrupt:
        hint = "not kept; name a file for them with --out (in Python out)"
        where = hint if record.path is None else f"kept in {record.path}"
        done = f"{len(record.of(folds))} of {len(folds)} folds are done and {where}"
        raise FitInterrupted(done, is_resumable=record.path is not None) from None


def _check_resumed(resume: bool, out: str | Path | None) -> None:
    if resume and out is None:
        raise InputError("resume: goes on with the folds of an earlier call; name their file with out")


def _check_statistics(problem: FitProblem) -> None:
    """Refuse rows that are not predicted one by one, as of facts or random effects, or have errors of no logarithm."""
    if problem.facts is not None:
        message = f"'{problem.name}' is a fit of facts; cross-validation is of rows of tables"
        raise InputError(Fault(message, name="fit"))
    normal = problem.population is not None and problem.population.likelihood == "normal"
    if normal or problem.study_effects:
        kind = 'likelihood = "normal"' if normal else "random effects of studies"
        message = "its rows are of one likelihood, and cross-validation predicts each number alone"
        raise InputError(Fault(f"'{problem.name}' has {kind}: {message}", name="fit"))
    if own := [target.row.name for target in problem.fitted if target.row.on_own_scale]:
        message = f"has rows with a standard_error, such as '{own[0]}'; cross-validation is of errors of logarithms"
        raise InputError(Fault(f"'{problem.name}' {message}: give them a log_se", name="fit"))


def _complete(
    record: FoldRecord, problem: FitProblem, folds: Sequence[Fold], optimum: np.ndarray, progress: Progress | None
) -> None:
    """Do the folds that a record does not have."""
    for number, fold in enumerate(folds):
        if progress is not None:
            progress(number, len(folds))
        if fold not in record:
            record.add(record.same_rows(fold) or predict_left_out(problem, fold, optimum))
    if progress is not None:
        progress(len(folds), len(folds))


def _estimates_of_all_rows(fit: object, problem: FitProblem) -> Estimates:
    """Those of a fit, else the committed ones."""
    if isinstance(fit, Fit):
        return fit.estimates
    path = result_path(problem.path)
    if not path.is_file():
        message = f"'{problem.name}' has no committed result; run 'kinetics fit {problem.path} --save', or give a Fit"
        raise InputError(Fault(message, name="fit"))
    estimates = Estimates.read(path)
    if changed := problem.outdated(estimates.facts):
        advice = f"run 'kinetics fit {problem.path} --save'"
        raise InputError(Fault(f"{path} is older than its {' and its '.join(changed)}; {advice}", name="fit"))
    return estimates
