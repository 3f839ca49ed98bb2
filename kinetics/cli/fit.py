"""`kinetics fit`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.cli.arguments.completion import FITS
from kinetics.cli.arguments.inputs import destination, parts_of
from kinetics.cli.arguments.options import AsJson, ClusterAddress, OutNetCDF, Resume, Whole, Workers
from kinetics.cli.terminal.failures import tell
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.cli.terminal.resuming import resumable
from kinetics.errors import Faults

if TYPE_CHECKING:
    from kinetics.estimate import Fit, FitProblem
    from kinetics.estimate.agreement import EstimateAgreement


def fit(
    name: Annotated[
        str,
        typer.Argument(
            metavar="FIT", help="A fit that ships, or the file of a fit problem, also of PEtab.", autocompletion=FITS
        ),
    ],
    out: OutNetCDF = None,
    save: Annotated[
        bool,
        typer.Option("--save", help="Write NAME.result.toml beside the problem; cohorts read it."),
    ] = False,
    resume: Resume = False,
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="auto|scipy|batch", help="auto: batch; scipy, slower, checks it."),
    ] = "auto",
    starts: Annotated[
        int | None,
        typer.Option("--starts", metavar="N", min=1, help="Number of searches; by default the file's, 20 of PEtab."),
    ] = None,
    whole: Whole = False,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", metavar="all|NAME,...", help="Also follow the profile likelihood of these parameters."
        ),
    ] = None,
    posterior: Annotated[
        int | None,
        typer.Option("--posterior", metavar="DRAWS", min=100, help="Also draw from the posterior itself."),
    ] = None,
    cluster: ClusterAddress = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Estimate parameters from published numbers; Ctrl-C keeps what is done."""
    from kinetics.cli.formats.petab import fit_petab, is_petab
    from kinetics.cohorts.fit_results import result_path
    from kinetics.estimate import fit as run
    from kinetics.estimate.agreement import agreement

    if is_petab(name):
        others = {"save": save, "posterior": posterior, "whole": whole}
        fit_petab(
            name, out, engine, starts, profile, resume=resume, cluster=cluster, workers=workers, as_json=as_json,
            **others,
        )  # fmt: skip
        return
    named = parts_of(profile)
    profiled = "all" if named == ["all"] else named
    of_petab = {"--cluster": cluster, "--workers": workers}
    problem = _problem(name, engine, out, profiled, posterior, starts, of_petab, save=save, reduce=not whole)
    with watched(problem.name) as steps, resumable():
        result = run(problem, profile=profiled, posterior=posterior, out=out, resume=resume, progress=steps.count)
    if out is not None:
        wrote(out)
    committed = result_path(problem.path)
    compared = None if save and not committed.exists() else agreement(result.estimates, committed)
    if save:
        wrote(result.save())
    elif compared is not None and compared.differs:
        tell(f"warning: {compared}")
    _print(result, compared, as_json=as_json)


def _problem(
    name: str,
    engine: str,
    out: Path | None,
    profiled: str | list[str] | None,
    posterior: int | None,
    starts: int | None,
    of_petab: Mapping[str, object],
    *,
    save: bool,
    reduce: bool,
) -> FitProblem:
    """The problem, when every option suits it and its result can be written."""
    from kinetics.cohorts.fit_results import result_path
    from kinetics.estimate import FitProblem
    from kinetics.estimate.uncertainty.posterior import check_draws

    faults, problem = Faults(), None
    destination(faults, out, ".nc")
    for option, value in of_petab.items():
        if value is not None:
            faults.add("is for a problem of PEtab; this fit runs in one process", name=option)
    with faults.gather(name="--posterior"):
        check_draws(posterior or 0)
    with faults.gather():
        problem = FitProblem.load(name)
        with faults.gather(name="--profile"):
            problem.indices("all" if profiled is None else profiled)
        if save:
            destination(faults, result_path(problem.path), ".toml", name="--save")
        problem = problem.with_settings(engine=engine, reduce=reduce, starts=starts)
    faults.raise_if_any()
    assert problem is not None
    return problem


def _print(result: Fit, compared: EstimateAgreement | None, *, as_json: bool) -> None:
    from kinetics.reports.fit import fit_json, fit_text

    if as_json:
        largest = None if compared is None else compared.largest
        print_json({**fit_json(result.summary()), "largest_difference_from_committed": largest})
    else:
        text = fit_text(result.summary(), result.problem.title, result.problem.about, page_width())
        print_text(text if compared is None else f"{text}\n\n{compared}")
