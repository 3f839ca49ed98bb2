"""`kinetics fit-population`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination, folder
from kinetics.cli.arguments.options import AllowLarge, AsJson, OutNetCDF
from kinetics.cli.terminal.failures import tell_notes
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.cli.terminal.resuming import resumable
from kinetics.errors import Faults


def fit_population(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The file of a clinic.")],
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="SAEM|FO|FOCE|FOCEI|Laplace", help="In place of the file's."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Of all random numbers; by default the file's.")
    ] = None,
    out: OutNetCDF = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from what an interrupted run of the same file finished.")
    ] = False,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="FOLDER",
            help="Draw goodness of fit, individual fits, the group and its visual predictive check there, as PDF.",
        ),
    ] = None,
    allow_large: AllowLarge = False,
    as_json: AsJson = False,
) -> None:
    """Estimate the population of a clinic's patients; Ctrl-C keeps what is done."""
    from kinetics.patients.clinic import ClinicProblem
    from kinetics.patients.clinic import fit_population as run
    from kinetics.reports.clinic import clinic_text

    faults, problem = Faults(), None
    destination(faults, out, ".nc", inputs=[file])
    folder(faults, figures, name="--figures")
    with faults.gather():
        problem = ClinicProblem.load(file, allow_large=allow_large)
        with faults.gather(name="--method"):
            problem = problem.with_settings(method=method)
    faults.raise_if_any()
    assert problem is not None
    tell_notes(problem.data)
    with watched(problem.name) as steps, resumable():
        fit = run(problem, seed=seed, out=out, resume=resume, progress=steps.count)
    if out is not None:
        wrote(out)
    if figures is not None:
        from kinetics.figures import draw
        from kinetics.figures.kinds import OF_PATIENTS

        figures.mkdir(exist_ok=True)
        tree = fit.tree()
        for kind in OF_PATIENTS:
            for written in draw(kind, figures / f"{kind}.pdf", input=tree).files:
                wrote(written)
    if as_json:
        print_json(fit.summary())
    else:
        print_text(clinic_text(fit.summary(), problem.title, problem.about, page_width()))
