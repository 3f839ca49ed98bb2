"""`kinetics reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinetics.cli.arguments.options import AsJson
from kinetics.cli.terminal.failures import INTERRUPTED, tell
from kinetics.cli.terminal.output import page_width, print_json, print_text
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Fault, InputError
from kinetics.files.reading import reason_of

if TYPE_CHECKING:
    from kinetics.reproduction.plan import Plan
    from kinetics.reproduction.reproducing import Product

__all__ = ["reproduce"]


def reproduce(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for everything that is made.")] = Path(
        "reproduced"
    ),
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="What to run; by default the plan that ships."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The main job: fits, published against fitted, predictions after retreatment, figures, NetCDF files."""
    from kinetics.reproduction.plan import read_plan
    from kinetics.reproduction.reproducing import reproduce as run

    checked = read_plan(plan)
    _make(out)
    report: list[str] = [checked.title]
    record: dict[str, Any] = {"fits": {}, "predictions": {}, "files": []}
    if not as_json:
        print_text(checked.title)
    try:
        for product in run(checked, out, watched):
            tell("wrote " + ", ".join(map(str, product.files)))
            record["files"] += [str(path) for path in product.files]
            text = _text(product, checked, record)
            if text:
                report.append(text)
                if not as_json:
                    print_text(f"\n{'-' * page_width()}\n{text}")
    except KeyboardInterrupt:
        made = ", ".join(record["files"]) or "nothing"
        tell(f"interrupted: {made} finished and kept; a new run starts from the beginning")
        raise typer.Exit(INTERRUPTED) from None
    _write_report(out / "report.txt", "\n\n\n".join(report))
    record["files"].append(str(out / "report.txt"))
    if as_json:
        print_json(record)


def _make(folder: Path) -> None:
    """Make the folder, or refuse it, before the work."""
    import os

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(Fault(f"cannot be a folder: {reason_of(error)}", str(folder), "--out")) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(Fault("cannot be written to", str(folder), "--out"))


def _text(product: Product, plan: Plan, record: dict[str, Any]) -> str:
    """What is printed of a product; what a program wants of it goes into the record."""
    from kinetics.prediction import recovery_summary
    from kinetics.reports.agreement import agreement
    from kinetics.reports.fit import fit_json, fit_text
    from kinetics.reports.prediction import prediction_text
    from kinetics.reports.recovery import recovery_json

    if product.fit is not None and product.committed is not None:
        problem = next(problem for problem in plan.fits if problem.name == product.name)
        summary, compared = product.fit.summary(), agreement(product.fit.estimates, product.committed)
        if compared.differs:
            tell(f"warning: {product.name}: {compared}")
        record["fits"][product.name] = {
            **fit_json(summary),
            "largest_difference_from_committed": compared.largest,
        }
        return f"{fit_text(summary, problem.title, problem.about, page_width())}\n\n{compared}"
    if product.prediction is not None:
        recovery = recovery_summary(product.prediction)
        record["predictions"][product.name] = recovery_json(recovery)
        return f"{product.name}: {prediction_text(product.prediction, recovery, page_width())}"
    return ""


def _write_report(path: Path, text: str) -> None:
    from kinetics.files.writing import write_atomically

    write_atomically(path, f"{text}\n")
    tell(f"wrote {path}")
