"""`kinetics fit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.arguments.options import AsJson, OutNetCDF
from kinetics.cli.intervals import intervals_of, parameters_to_profile
from kinetics.cli.terminal.failures import INTERRUPTED, tell
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults
from kinetics.estimate.search.checkpoint import checkpoint_path, evaluations_kept, keep, kept
from kinetics.estimate.uncertainty.checkpoint import forget

if TYPE_CHECKING:
    from kinetics.estimate import Fit, FitProblem
    from kinetics.estimate.search.search import AnyObjective, Search
    from kinetics.reports.agreement import Agreement

__all__ = ["fit"]


def fit(
    name: Annotated[str, typer.Argument(metavar="FIT", help="A fit that ships, or the file of a fit problem.")],
    out: OutNetCDF = None,
    save: Annotated[
        bool,
        typer.Option("--save", help="Write NAME.result.toml beside the problem; cohorts read it."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the searches that an interrupted run of the same fit finished.")
    ] = False,
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="auto|scipy|batch", help="auto: batch; scipy, slower, checks it."),
    ] = "auto",
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
    as_json: AsJson = False,
) -> None:
    """Estimate parameters from published numbers; Ctrl-C keeps the searches that are done."""
    from kinetics.cohorts.fit_results import result_path
    from kinetics.estimate import fit as finish
    from kinetics.estimate.result_file import write_estimates
    from kinetics.reports.agreement import agreement
    from kinetics.results import write_result

    problem, profiled = _problem(name, engine, out, profile, posterior, save=save)
    committed = result_path(problem.path)
    searches = _search(problem, name, resume=resume)
    with watched(f"{problem.name}: uncertainty"):
        found = finish(problem, done=searches)
    found = replace(found, intervals=intervals_of(found, profiled, posterior, resume=resume))
    compared = None if save and not committed.exists() else agreement(found.estimates, committed)
    if out is not None:
        write_result(found.tree(), out)
        wrote(out)
    if save:
        write_estimates(found.estimates, committed)
        wrote(committed)
    forget(problem)
    if compared is not None and compared.differs and not save:
        tell(f"warning: {compared}")
    _print(found, compared, as_json=as_json)


def _problem(
    name: str, engine: str, out: Path | None, profile: str | None, posterior: int | None, *, save: bool
) -> tuple[FitProblem, list[int]]:
    """The problem and the parameters to profile, when it is sound and its result can be written."""
    from kinetics.cohorts.fit_results import result_path
    from kinetics.estimate import FitProblem
    from kinetics.estimate.objective.typical import ENGINES
    from kinetics.estimate.uncertainty.posterior import check_draws

    faults = Faults()
    if engine not in ENGINES:
        faults.add(f"unknown engine '{engine}'; there are {', '.join(ENGINES)}", name="--engine")
    destination(faults, out, ".nc")
    with faults.gather(name="--posterior"):
        check_draws(posterior or 0)
    problem, profiled = None, []
    with faults.gather():
        problem = replace(FitProblem.load(name), engine=engine)
        profiled = parameters_to_profile(faults, problem, profile)
        if save:
            destination(faults, result_path(problem.path), ".toml", name="--save")
    faults.raise_if_any()
    assert problem is not None
    return problem, profiled


def _print(found: Fit, compared: Agreement | None, *, as_json: bool) -> None:
    from kinetics.reports.fit import fit_json, fit_text

    if as_json:
        largest = None if compared is None else compared.largest
        print_json({**fit_json(found.summary()), "largest_difference_from_committed": largest})
    else:
        text = fit_text(found.summary(), found.problem.title, found.problem.about, page_width())
        print_text(text if compared is None else f"{text}\n\n{compared}")


def _search(problem: FitProblem, name: str, *, resume: bool) -> tuple[Search, ...]:
    """All searches, each kept as soon as it is finished."""
    from kinetics.estimate.search.search import objective_of, search

    path = checkpoint_path(problem)
    searches = kept(path, len(problem.free))[: problem.starts]
    if searches and not resume:
        tell(f"{len(searches)} finished searches of an interrupted run are not used; --resume would")
    searches = searches if resume else ()
    if resume:
        tell(f"{len(searches)} of {problem.starts} searches were done before")
    objective = objective_of(problem)
    try:
        with watched(problem.name) as steps, evaluations_kept(path, objective, resume=resume):
            for index in range(len(searches), problem.starts):
                longer = search(objective, _line(steps.say, index + 1, problem.starts), searches, index + 1)
                if len(longer) == len(searches):  # it answers an interrupt with what it was given
                    raise KeyboardInterrupt
                searches = longer
                keep(path, searches)
    except KeyboardInterrupt:
        tell(f"interrupted: {_so_far(objective, searches)}; 'kinetics fit {name} --resume' goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    return searches


def _so_far(objective: AnyObjective, searches: Sequence[Search]) -> str:
    """What is done when a fit is interrupted."""
    from kinetics.estimate.objective.population import PopulationObjective

    done = f"{len(searches)} of {objective.problem.starts} searches are done and kept"
    if not isinstance(objective, PopulationObjective) or not objective.known:
        return done
    best = objective.best()
    values = ", ".join(f"{free.name} = {value:.4g}" for free, value in zip(objective.problem.free, best, strict=True))
    return f"{done}, and all of {len(objective.known)} evaluations; the best so far is {values}"


def _line(say: Callable[[str], None], number: int, starts: int) -> Callable[[str], None]:
    return lambda text: say(f"search {number} of {starts}, {text.rpartition(', ')[2]}")
