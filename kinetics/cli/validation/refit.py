"""`kinetics refit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.completion import FITS
from kinetics.cli.arguments.inputs import check_cluster, destination, named_values
from kinetics.cli.arguments.option_names import named_as_options
from kinetics.cli.arguments.options import AsJson, ClusterAddress, Resume, Seed, Workers
from kinetics.cli.terminal.output import print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.cli.terminal.resuming import resumable
from kinetics.errors import Faults

MAX_REPLICATES = 100_000
"""At some seconds a refit, the pace of the smallest problems, these take days."""


def refit(
    name: Annotated[
        str,
        typer.Argument(metavar="FIT", help="A population fit that ships, or the file of one.", autocompletion=FITS),
    ],
    replicates: Annotated[
        int,
        typer.Option("--replicates", metavar="N", min=2, max=MAX_REPLICATES, help="How many synthetic data sets."),
    ] = 20,
    seed: Seed = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="The truth of a parameter; by default as committed; repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.json", help="Keep every refit here; --resume goes on from it."),
    ] = None,
    resume: Resume = False,
    cluster: ClusterAddress = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Draw synthetic data sets from known truth, summarise each as the fit's rows are, refit it: bias and coverage."""
    from kinetics.cluster.clients import connected
    from kinetics.estimate import FitProblem
    from kinetics.estimate import refit as run
    from kinetics.reports.simulation_study import refit_text

    faults, problem = Faults(), None
    destination(faults, out, ".json", inputs=[name])
    if resume and out is None:
        faults.add("goes on with the refits of an earlier call; name them with --out FILE.json", name="--resume")
    check_cluster(faults, cluster, workers)
    truth = named_values(faults, "--set", "k='0.1 1/day'; a spread has no unit", settings or ())
    with faults.gather():
        problem = FitProblem.load(name)
    faults.raise_if_any()
    assert problem is not None
    options = named_as_options({f"truth of {name}": f"--set {name}" for name in truth})
    with watched(f"{problem.name}: refits") as steps, resumable(), options, connected(cluster, workers) as client:
        study = run(
            problem, truth=truth, replicates=replicates, out=out, resume=resume, seed=seed, client=client,
            progress=steps.count,
        )  # fmt: skip
    if out is not None:
        wrote(out)
    rows = study.rows()
    if as_json:
        print_json({"fit": problem.name, "seed": seed, "parameters": rows})
    else:
        print_text(refit_text(problem, rows, study.refits))
