"""`kinetics crossvalidate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.completion import FITS
from kinetics.cli.arguments.inputs import destination, parts_of
from kinetics.cli.arguments.options import AsJson, Resume
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.cli.terminal.resuming import resumable
from kinetics.errors import Faults


def crossvalidate(
    fit: Annotated[
        str,
        typer.Argument(
            metavar="FIT",
            help="A fit that ships, or the file of a fit problem; with a result.",
            autocompletion=FITS,
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="row,visit,source", help="What is left out together; by default all the fit has two of."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="S", min=0, help="Seed of virtual patients; by default that of the fit."),
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option(
            "--evidence",
            metavar="FILE",
            help="Published facts, of which those of other sources are predicted; by default evidence.csv beside FIT.",
        ),
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Write NAME.discrepancy.toml beside the problem; predictions read it.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.json", help="Keep every fold here; --resume goes on from it."),
    ] = None,
    resume: Resume = False,
    as_json: AsJson = False,
) -> None:
    """Leave out rows, visits and sources in turn and predict them: coverage, log score, the model's discrepancy."""
    from kinetics.crossvalidation import crossvalidate as run
    from kinetics.crossvalidation.discrepancy_file import discrepancy_path
    from kinetics.crossvalidation.folds import folds_of
    from kinetics.crossvalidation.unfitted import unfitted_facts
    from kinetics.estimate import FitProblem
    from kinetics.reports.crossvalidation import crossvalidation_json, crossvalidation_text

    faults, problem = Faults(), None
    destination(faults, out, ".json", inputs=[fit])
    if resume and out is None:
        faults.add("goes on with the folds of an earlier call; name them with --out FILE.json", name="--resume")
    kinds = parts_of(by)
    with faults.gather():
        problem = FitProblem.load(fit)
        with faults.gather():
            folds_of(problem, kinds, with_unfitted=bool(unfitted_facts(problem, kinds, evidence)))
        if save:
            destination(faults, discrepancy_path(problem.path), ".toml", name="--save")
    faults.raise_if_any()
    assert problem is not None
    with watched(f"{problem.name}: folds") as steps, resumable():
        validated = run(problem, by=kinds, seed=seed, evidence=evidence, out=out, resume=resume, progress=steps.count)
    if out is not None:
        wrote(out)
    if save:
        wrote(validated.save())
    if as_json:
        print_json(crossvalidation_json(validated))
    else:
        print_text(crossvalidation_text(validated, page_width()))
