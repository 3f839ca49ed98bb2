"""`kinetics fit` of a problem of PEtab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinetics.cli.arguments.inputs import check_cluster, destination, parts_of
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.cli.terminal.resuming import resumable
from kinetics.errors import Faults

if TYPE_CHECKING:
    from kinetics.interop.petab.fitting import PetabFitProblem

EVALUATIONS = 700
"""Of the objective in a search, about: they tell the pace before the first search is done."""


def is_petab(name: str) -> bool:
    """Whether the name of a fit is that of the YAML file of a PEtab problem."""
    return name.lower().endswith((".yaml", ".yml"))


def fit_petab(
    name: str,
    out: Path | None,
    engine: str,
    starts: int | None,
    profile: str | None,
    *,
    resume: bool,
    cluster: str | None,
    workers: int | None,
    as_json: bool,
    **others: Any,
) -> None:
    """Estimate the parameters of a PEtab problem; ``others`` are options that it does not take."""
    from kinetics.cluster.clients import connected
    from kinetics.estimate import fit
    from kinetics.reports.petab import petab_text

    named = parts_of(profile)
    profiled = "all" if named == ["all"] else named
    faults = Faults()
    destination(faults, out, ".nc", inputs=[name])
    check_cluster(faults, cluster, workers)
    for option, value in others.items():
        if value:
            faults.add("a problem of PEtab does not take it; leave it out", name=f"--{option}")
    problem = faults.attempt("", lambda: _problem(name, engine, starts, profiled))
    faults.raise_if_any()
    assert problem is not None
    with watched(problem.name, EVALUATIONS) as steps, resumable(), connected(cluster, workers) as client:
        result = fit(problem, profile=profiled, out=out, resume=resume, client=client, progress=steps.count)
    if out is not None:
        wrote(out)
    if as_json:
        print_json(result.summary())
    else:
        print_text(petab_text(result.summary(), page_width()))


def _problem(name: str, engine: str, starts: int | None, profiled: str | list[str] | None) -> PetabFitProblem:
    from kinetics.estimate.petab.profiling import indices_of
    from kinetics.interop.petab.fitting import read_petab

    problem = read_petab(name).with_settings(engine=engine, starts=starts)
    indices_of(problem, profiled or [])
    return problem
