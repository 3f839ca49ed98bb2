"""`kinetics show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.checking.kinds import is_path, kind_of, shipped
from kinetics.cli.terminal.output import page_width, print_text
from kinetics.errors import Fault, InputError

__all__ = ["show"]


def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A model, regimen, visits, fit or figure that ships, or a file.")
    ],
    cohort: Annotated[
        str | None, typer.Option("--cohort", metavar="NAME", help="Show this cohort's values in a model's table.")
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print a model's equations as LaTeX.")] = False,
) -> None:
    """Equations and parameter table of a model; doses of a regimen; visits; problem and committed result of a fit."""
    files = [(kind_of(Path(name)), Path(name))] if is_path(name) else shipped(name)
    if (cohort or latex) and not any(kind == "model" for kind, _ in files):
        raise InputError("--cohort and --latex are for models")
    print_text("\n\n".join(_text(kind, path, cohort, latex) for kind, path in files))


def _text(kind: str, path: Path, cohort: str | None, latex: bool) -> str:
    from kinetics.reports import models as describing

    if kind == "model":
        from kinetics.model import Model

        return describing.model_text(Model.load(path), cohort, latex, page_width())
    if kind == "regimen":
        from kinetics.regimen import Regimen

        return str(Regimen.load(path))
    if kind == "visits":
        from kinetics.observation import VisitSchedule

        return str(VisitSchedule.load(path))
    if kind == "fit":
        return _fit_text(path)
    if kind == "result":
        from kinetics.estimate import Estimates

        return describing.committed_text(Estimates.read(path))
    if kind == "figure":
        from kinetics.figures import read_figure
        from kinetics.files.documents import read_document
        from kinetics.reports.tables import paragraph

        read_figure(path)
        header = read_document(path).data["figure"]
        return "\n".join(filter(None, (f"{path.stem}: {header.get('title', '')}", paragraph(header.get("note", "")))))
    raise InputError(Fault(f"nothing to show of a {kind}; 'kinetics check' checks it", str(path)))


def _fit_text(path: Path) -> str:
    from kinetics.cohorts.fit_results import result_path
    from kinetics.estimate import Estimates, FitProblem
    from kinetics.reports.models import committed_text, problem_text

    text = problem_text(FitProblem.load(path), page_width())
    committed = result_path(path)
    if not committed.is_file():
        return f"{text}\n\nNo committed result; 'kinetics fit {path.stem} --save' writes it."
    return f"{text}\n\n{committed_text(Estimates.read(committed))}"
