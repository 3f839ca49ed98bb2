"""The verb `compare_models`: variants of a fit, each fitted to the same rows, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kinetics.estimate import Estimates, FitProblem, fit
from kinetics.estimate.agreement import current_result
from kinetics.files.arguments import Progress, all_of, loaded
from kinetics.variants.fitted import FittedVariant, ModelComparison
from kinetics.variants.loading import load_variants


def compare_models(
    problem: FitProblem | str | Path,
    variants: Sequence[FitProblem | str | Path] | None = None,
    *,
    refit: bool = False,
    save: bool = False,
    score: Callable[[FitProblem, Estimates], Mapping[str, float]] | None = None,
    progress: Progress | None = None,
) -> ModelComparison:
    """Fit variants of a fit to its rows, and set them side by side.

    A variant is a fit problem, most simply one that extends the fit and names another model. It has the same rows,
    virtual patients and seed. A committed result that is not older than its problem and model is taken as it is.

    Parameters
    ----------
    problem : FitProblem, str or pathlib.Path
        A population fit, or the name or path of its file. It is the first of the table.
    variants : sequence of FitProblem, str or pathlib.Path, optional
        Fit problems, their paths, or their names in the folder ``variants`` beside the fit; by default every file there
        that extends the fit.
    refit : bool
        Fit each, even one with a committed result.
    save : bool
        Write ``NAME.result.toml`` beside each problem that was fitted, as soon as it is.
    score : callable, optional
        Gives further columns, larger for the better: called with each problem and its estimates.
    progress : callable, optional
        Called with (done, all) variants.

    Returns
    -------
    ModelComparison

    Raises
    ------
    InputError
        With everything that is wrong: a variant that does not exist or names what its model lacks, whose rows, patients
        or seed are not those of the fit, whose model moves without a drug although that of the fit rests.
    IntegrationError
        If a model cannot be integrated at its estimates.

    Examples
    --------
    >>> compare_models("my_fit", ["without_reservoir"]).table()  # doctest: +SKIP
    """
    base = loaded("problem", problem, FitProblem)
    named = None if variants is None else all_of("variants", variants, None, 'variants=["one", "other"]')
    problems, fitted = [base, *load_variants(base, named)], list[FittedVariant]()

    def report(*_: int) -> None:
        if progress is not None:
            progress(len(fitted), len(problems))

    for one in problems:
        report()
        variant = FittedVariant.at(one, _estimates(one, report, refit=refit, save=save))
        fitted.append(variant if score is None else replace(variant, scores=score(one, variant.estimates)))
    return ModelComparison(tuple(fitted))


def _estimates(problem: FitProblem, progress: Progress, *, refit: bool, save: bool) -> Estimates:
    """The committed result if it may be taken, else that of a fit."""
    if not refit and (estimates := current_result(problem)) is not None:
        return estimates
    result = fit(problem, progress=progress)
    if save:
        result.save()
    return result.estimates
