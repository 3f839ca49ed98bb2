"""The verb `fit_all`: fits in order of dependence, those that are missing or out of date or all."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from kinetics.cohorts.fit_results import result_path
from kinetics.dependence.finished import FinishedFits
from kinetics.dependence.order import Names, PlannedFit, planned_fits
from kinetics.dependence.outcome import FitOutcome, FitOutcomes
from kinetics.errors import Faults, InputError, KineticsError
from kinetics.estimate import Estimates, FitInterrupted, FitProblem, fit
from kinetics.estimate.agreement import agreement, current_result
from kinetics.files.arguments import Progress, Watcher, unwatched
from kinetics.text.numbers import count_text


def fit_all(
    fits: Names | None = None,
    *,
    variants: bool = False,
    refit: bool = False,
    save: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> FitOutcomes:
    """Fit everything whose committed result is missing or out of date, each after those that it builds on.

    A fit builds on those that ``builds_on`` of its problem names, or else ``from_fit`` of the cohorts of its rows. Its
    result is out of date if the problem, its tables, the model or an estimate that it holds has changed since. With
    ``save``, later fits hold the new estimates; without it, each holds what is committed and is compared with that.

    Parameters
    ----------
    fits : str, pathlib.Path, or iterable of these, optional
        Names or files of fit problems, or folders of them; by default all that ship. Those that they build on are made
        too if they are out of date.
    variants : bool
        Also those in the folder ``variants`` beside a fit that extend it.
    refit : bool
        Fit all, those with a current result too.
    save : bool
        Write ``NAME.result.toml`` beside each problem as soon as it is fitted.
    resume : bool
        Go on from what an interrupted call has kept: finished fits, and searches of the one that was not.
    progress : callable, optional
        Called with (done, all) fits.

    Returns
    -------
    FitOutcomes
        What became of each, with those that could not be fitted.

    Raises
    ------
    InputError
        With every fault of the problems, or with the members of a circle, before any work.
    FitInterrupted
        If it is interrupted.

    Examples
    --------
    >>> fit_all(save=True).table()  # doctest: +SKIP
    """
    planned, made = plan(fits, variants=variants, save=save), list[FitOutcome]()
    for outcome in outcomes(planned, refit=refit, save=save, resume=resume):
        made.append(outcome)
        if progress is not None:
            progress(len(made), len(planned))
    return FitOutcomes(tuple(made))


def plan(fits: Names | None, *, variants: bool, save: bool) -> list[PlannedFit]:
    """`planned_fits`, when their results can be written where that is asked."""
    planned = planned_fits(fits, variants=variants)
    faults = Faults()
    for folder in dict.fromkeys(one.path.resolve().parent for one in planned if save):
        if not os.access(folder, os.W_OK | os.X_OK):
            faults.add("results cannot be written to this folder", str(folder), "save")
    faults.raise_if_any()
    return planned


def outcomes(
    planned: Sequence[PlannedFit], *, refit: bool, save: bool, resume: bool, watch: Watcher = unwatched
) -> Iterator[FitOutcome]:
    """Make the fits; what became of each is yielded as soon as it is known, its result written before that.

    ``watch`` is given the name of each, and how long the rest takes at most.
    """
    finished, failed = FinishedFits(resume=resume), set[Path]()
    seconds, work = 0.0, 0
    for number, one in enumerate(planned):
        left = sum(each.work for each in planned[number:])
        label = f"{one.name}, fit {number + 1} of {len(planned)}"
        label += f", at most {_minutes(seconds / work * left)} to the end" if work else ""
        try:
            if broken := [path.stem for path in one.after if path in failed]:
                reason = f"builds on {', '.join(broken)}, which could not be fitted"
                outcome = FitOutcome(one.name, one.path, "failed", reason=reason)
            else:
                outcome = _made(one, finished, label, watch, refit=refit and one.is_named, save=save)
        except KeyboardInterrupt as stopped:
            raise _interrupted(planned[:number], one, stopped) from None
        if outcome.seconds is not None:
            seconds, work = seconds + outcome.seconds, work + one.work
        if outcome.status == "failed":
            failed.add(one.path.resolve())
        yield outcome
    finished.forget()


def _made(
    one: PlannedFit, finished: FinishedFits, label: str, watch: Watcher, *, refit: bool, save: bool
) -> FitOutcome:
    """One fit: kept, fitted, or why it could not be."""
    try:
        problem = FitProblem.load(one.path)
        if not refit and (current := _current(problem)) is not None:
            return FitOutcome(one.name, one.path, "current", current)
        estimates, seconds = finished.result(problem), None
        if estimates is None:
            begun = time.monotonic()
            with watch(label) as steps:
                estimates = fit(problem, resume=finished.resume, progress=steps.count).estimates
            seconds = time.monotonic() - begun
            finished.keep(problem, estimates)
        committed = result_path(one.path)
        compared = agreement(estimates, committed)
        if save:
            estimates.save(committed)
    except (KineticsError, np.linalg.LinAlgError) as error:
        return FitOutcome(one.name, one.path, "failed", reason=str(error))
    return FitOutcome(one.name, one.path, "resumed" if seconds is None else "fitted", estimates, compared, seconds)


def _current(problem: FitProblem) -> Estimates | None:
    """The committed result, if it is current and can be read."""
    with suppress(InputError):
        return current_result(problem)
    return None


def _interrupted(done: Sequence[PlannedFit], one: PlannedFit, stopped: KeyboardInterrupt) -> FitInterrupted:
    """What is done of all fits, and of the one that was interrupted."""
    fits = f"{count_text(len(done), 'fit')} done and kept"
    if isinstance(stopped, FitInterrupted):
        return FitInterrupted(f"{fits}; of {one.name}, {stopped.done}", is_resumable=stopped.is_resumable)
    return FitInterrupted(f"{fits}; nothing of {one.name}", is_resumable=True)


def _minutes(seconds: float) -> str:
    return f"{max(1, math.ceil(seconds / 60))} min"
