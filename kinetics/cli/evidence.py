"""`kinetics evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.arguments.options import AsJson, Seed
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def evidence(
    file: Annotated[
        str | None, typer.Argument(metavar="[NAME|FILE]", help="Facts; by default fits/evidence.csv that ships.")
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", metavar="N", min=2, help="Virtual patients of each cohort; best a power of 2.")
    ] = 256,
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.md", help="Write the table as Markdown.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set every published fact beside the model: inside or outside its interval, and which direction."""
    from kinetics.files.writing import write_atomically
    from kinetics.published.evaluating import evidence as run
    from kinetics.published.evaluating import evidence_path
    from kinetics.reports.evidence import evidence_json, evidence_markdown, evidence_text

    path, faults = evidence_path(file), Faults()
    destination(faults, out, ".md", inputs=[path])
    faults.raise_if_any()
    with watched(f"facts of {path.name}") as steps:
        evaluated = run(path, patients=patients, seed=seed, progress=steps.count)
    if out is not None:
        write_atomically(out, evidence_markdown(evaluated, path.name))
        wrote(out)
    if as_json:
        print_json(evidence_json(evaluated))
    else:
        print_text(evidence_text(evaluated, page_width()))
