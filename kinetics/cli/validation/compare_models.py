"""`kinetics compare-models`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.cli.arguments.completion import FITS
from kinetics.cli.arguments.inputs import destination, parts_of
from kinetics.cli.arguments.option_names import named_as_options
from kinetics.cli.arguments.options import AsJson
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.cli.terminal.resuming import resumable
from kinetics.errors import Faults

if TYPE_CHECKING:
    from kinetics.estimate import Estimates


def compare_models(
    name: Annotated[
        str,
        typer.Argument(metavar="FIT", help="A population fit that ships, or the file of one.", autocompletion=FITS),
    ],
    variants: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VARIANT...]",
            help="Names in the folder 'variants' beside the fit, or files; by default all there that extend it.",
        ),
    ] = None,
    refit: Annotated[bool, typer.Option("--refit", help="Fit each, even one with a committed result.")] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Write NAME.result.toml beside each problem that is fitted.")
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(
            "--crossvalidate",
            metavar="visit,source",
            help="Add log scores of what is left out, and of each source that no fit had: minutes a variant.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.md", help="Write the table as Markdown.")] = None,
    as_json: AsJson = False,
) -> None:
    """Variants of a fit, each with a model of its own, fitted to the same rows and set side by side."""
    from kinetics.crossvalidation import crossvalidate
    from kinetics.crossvalidation.crossvalidating import plan_folds
    from kinetics.estimate import FitProblem
    from kinetics.files.writing import write_atomically
    from kinetics.reports.variants import models_json, models_markdown, models_text
    from kinetics.variants import compare_models as run

    faults = Faults()
    destination(faults, out, ".md", inputs=[name, *(variants or ())])
    kinds = parts_of(by)
    if kinds is not None:  # before the fits, which take long
        with faults.gather(), named_as_options({"by": "--crossvalidate"}):
            plan_folds(FitProblem.load(name), kinds)
    faults.raise_if_any()

    def log_scores(problem: FitProblem, estimates: Estimates) -> dict[str, float]:
        return crossvalidate(problem, by=kinds, estimates=estimates).log_scores()

    score = None if kinds is None else log_scores
    with watched(f"variants of {name}", lines_a_step=0) as steps, resumable():
        comparison = run(name, variants or None, refit=refit, save=save, score=score, progress=steps.count)
    if out is not None:
        write_atomically(out, models_markdown(comparison))
        wrote(out)
    if as_json:
        print_json(models_json(comparison))
    else:
        print_text(models_text(comparison, page_width()))
