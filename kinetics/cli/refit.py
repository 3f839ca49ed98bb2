"""`kinetics refit`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.arguments.options import AsJson, Seed
from kinetics.cli.terminal.failures import INTERRUPTED, tell
from kinetics.cli.terminal.output import print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults, InputError

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem
    from kinetics.estimate.simulation_study import Refit

__all__ = ["refit"]

MOST_STUDIES = 100_000
"""At some seconds a refit, the pace of the smallest problems, these take days."""


def refit(
    name: Annotated[str, typer.Argument(metavar="FIT", help="A population fit that ships, or the file of one.")],
    studies: Annotated[
        int, typer.Option("--studies", metavar="N", min=2, max=MOST_STUDIES, help="How many synthetic studies.")
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
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the refits in --out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw studies from known truth, summarise them as the fit's rows are, refit each: bias and coverage."""
    from kinetics.estimate import FitProblem
    from kinetics.estimate.simulation_study import performance
    from kinetics.reports.simulation_study import refit_text

    faults = Faults()
    destination(faults, out, ".json", inputs=[name])
    if resume and out is None:
        faults.add("goes on with the refits of an earlier call; name them with --out FILE.json", name="--resume")
    problem = None
    with faults.gather():
        problem = FitProblem.load(name)
        if problem.population is None:
            raise InputError(f"fit '{problem.name}' is of the typical patient: it has no patients to draw")
    truth = {} if problem is None else _truth(faults, problem, settings or ())
    faults.raise_if_any()
    assert problem is not None
    done = _run(problem, truth, studies, seed, out, resume=resume)
    rows = performance(problem, truth, done)
    if as_json:
        print_json({"fit": problem.name, "seed": seed, "parameters": rows})
    else:
        print_text(refit_text(problem, rows, done))


def _run(
    problem: FitProblem, truth: dict[str, float], studies: int, seed: int, out: Path | None, *, resume: bool
) -> list[Refit]:
    """All refits, each kept as soon as it is done."""
    from kinetics.estimate.simulation_study import refit as once
    from kinetics.files.checksums import content_hash

    key = content_hash(problem.data_hash, problem.model.content_hash, sorted(truth.items()), seed)
    done = _kept(out, key) if resume and out is not None else []
    try:
        with watched(f"{problem.name}: refits") as steps:
            for study in range(len(done), studies):
                steps.count(study, studies)
                done.append(once(problem, truth, seed, study))
                if out is not None:
                    _keep(out, key, done)
    except KeyboardInterrupt:
        kept = f"kept in {out}; the same call with --resume goes on" if out else "not kept; name a file with --out"
        tell(f"interrupted: {len(done)} of {studies} refits are done and {kept}")
        raise typer.Exit(INTERRUPTED) from None
    if out is not None:
        wrote(out)
    return done[:studies]


def _truth(faults: Faults, problem: FitProblem, settings: Sequence[str]) -> dict[str, float]:
    """The truth of every free parameter, in the units of the model."""
    from kinetics.cohorts.fit_results import SPREAD, flat_key, result_path
    from kinetics.estimate import Estimates
    from kinetics.units import to_unit

    truth: dict[str, float] = {}
    committed = result_path(problem.path)
    if committed.is_file():
        with faults.gather(str(committed)):
            truth = Estimates.read(committed).by_flat_name(problem.model)
    units = {free.flat: free.unit for free in problem.free}
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        with faults.gather(name=f"--set {name}"):
            if not equals:
                raise InputError("write NAME='VALUE UNIT', such as k='0.1 1/day'; a spread has no unit")
            key = flat_key(problem.model, name)
            if key not in units:
                raise InputError(f"is not free in fit '{problem.name}'")
            truth[key] = to_unit(f"{text} 1" if name.endswith(SPREAD) else text, units[key])
            if not truth[key] > 0:
                raise InputError(f"must be positive, found {text}")
    for free in problem.free:
        if free.flat not in truth and not len(faults):
            faults.add(f"has no committed estimate; give its truth with --set {free.name}=...", name=free.name)
    return {free.flat: truth[free.flat] for free in problem.free if free.flat in truth}


def _keep(path: Path, key: str, refits: Sequence[Refit]) -> None:
    from kinetics.files.writing import write_atomically

    write_atomically(path, json.dumps({"key": key, "refits": [asdict(one) for one in refits]}))


def _kept(path: Path, key: str) -> list[Refit]:
    """The refits of an earlier call of the same problem, truth and seed.

    Raises
    ------
    InputError
        If the file is of another.
    """
    from kinetics.estimate.simulation_study import Refit
    from kinetics.files.reading import read_json

    if not path.exists():
        return []
    try:
        data = read_json(path)
        found = [
            Refit(
                int(row["study"]),
                tuple(map(float, row["log_estimates"])),
                tuple(map(float, row["log_se"])),
                bool(row["converged"]),
                float(row["seconds"]),
                str(row.get("failure", "")),
            )
            for row in data["refits"]
        ]
        same = data["key"] == key
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the refits of an earlier call: {error}") from error
    if not same:
        raise InputError(
            f"{path}: has refits of another problem, truth or seed; name another file, or leave out --resume"
        )
    return found
