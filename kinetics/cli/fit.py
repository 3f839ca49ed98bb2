"""`kinetics fit`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.cli.checkpoint import checkpoint_path, keep, kept
from kinetics.cli.failures import INTERRUPTED, tell
from kinetics.cli.inputs import destination
from kinetics.cli.options import AsJson, OutNetCDF
from kinetics.cli.output import page_width, print_json, print_text, wrote
from kinetics.cli.progress import watched
from kinetics.errors import Faults

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem
    from kinetics.estimate.search import Search

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
    as_json: AsJson = False,
) -> None:
    """Estimate parameters from published numbers; Ctrl-C keeps the searches that are done."""
    from kinetics.estimate import FitProblem
    from kinetics.estimate import fit as finish
    from kinetics.model.cohorts import result_path
    from kinetics.report.agreement import agreement
    from kinetics.report.fitting import fit_json, fit_text
    from kinetics.results import write_result

    faults = Faults()
    destination(faults, out, ".nc")
    problem = None
    with faults.gather():
        problem = FitProblem.load(name)
        if save:
            destination(faults, result_path(problem.path), ".toml", name="--save")
    faults.raise_if_any()
    assert problem is not None
    searches = _search(problem, name, resume=resume)
    with watched(f"{problem.name}: uncertainty"):
        found = finish(problem, done=searches)
    compared = agreement(found.estimates, result_path(problem.path))
    if out is not None:
        write_result(found.tree(), out)
        wrote(out)
    if save:
        found.estimates.write(result_path(problem.path))
        wrote(result_path(problem.path))
    checkpoint_path(problem).unlink(missing_ok=True)
    if compared.differs and not save:
        tell(f"warning: {compared}")
    if as_json:
        print_json({**fit_json(found.summary()), "largest_difference_from_committed": compared.largest})
    else:
        print_text(f"{fit_text(found.summary(), problem.title, problem.about, page_width())}\n\n{compared}")


def _search(problem: FitProblem, name: str, *, resume: bool) -> tuple[Search, ...]:
    """All searches, each kept as soon as it is finished."""
    from kinetics.estimate.objective import Objective
    from kinetics.estimate.search import search

    path = checkpoint_path(problem)
    searches = kept(path, len(problem.free))[: problem.starts]
    if searches and not resume:
        tell(f"{len(searches)} finished searches of an interrupted run are not used; --resume would")
    searches = searches if resume else ()
    if resume:
        tell(f"{len(searches)} of {problem.starts} searches were done before")
    try:
        with watched(problem.name) as steps:
            for index in range(len(searches), problem.starts):
                objective = Objective(replace(problem, starts=index + 1))
                longer = search(objective, _line(steps.say, index + 1, problem.starts), searches)
                if len(longer) == len(searches):  # it answers an interrupt with what it was given
                    raise KeyboardInterrupt
                searches = longer
                keep(path, searches)
    except KeyboardInterrupt:
        tell(
            f"interrupted: {len(searches)} of {problem.starts} searches are done"
            + (f" and kept; 'kinetics fit {name} --resume' goes on from there" if searches else ", nothing was kept")
        )
        raise typer.Exit(INTERRUPTED) from None
    return searches


def _line(say: Callable[[str], None], number: int, starts: int) -> Callable[[str], None]:
    return lambda text: say(f"search {number} of {starts}, {text.rpartition(', ')[2]}")
