"""`kinetics fit` of a problem of PEtab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def is_petab(name: str) -> bool:
    """Whether the name of a fit is that of the YAML file of a PEtab problem."""
    return name.lower().endswith((".yaml", ".yml"))


def fit_petab(name: str, out: Path | None, engine: str, starts: int | None, *, as_json: bool, **others: Any) -> None:
    """Estimate the parameters of a PEtab problem; ``others`` are options that it does not take."""
    from kinetics.estimate import fit
    from kinetics.interop.petab.fitting import read_petab
    from kinetics.reports.petab import petab_text

    faults = Faults()
    destination(faults, out, ".nc")
    for option, value in others.items():
        if value:
            faults.add("a problem of PEtab does not take it; leave it out", name=f"--{option}")
    problem = faults.attempt("", lambda: read_petab(name).with_settings(engine=engine, starts=starts))
    faults.raise_if_any()
    assert problem is not None
    with watched(problem.name) as steps:
        result = fit(problem, out=out, progress=steps.count)
    if out is not None:
        wrote(out)
    if as_json:
        print_json(result.summary())
    else:
        print_text(petab_text(result.summary(), page_width()))
