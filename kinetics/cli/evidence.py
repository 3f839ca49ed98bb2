"""`kinetics evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.arguments.options import AsJson, Seed
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults

if TYPE_CHECKING:
    from kinetics.published import PublishedFact

__all__ = ["evidence"]


def evidence(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.csv]", help="Facts; by default fits/evidence.csv that ships.")
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", metavar="N", min=2, help="Virtual patients of each cohort; best a power of 2.")
    ] = 256,
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.md", help="Write the table as Markdown.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set every published fact beside the model: inside or outside its interval, and which direction."""
    from kinetics.files.library import library_folder
    from kinetics.files.writing import write_atomically
    from kinetics.published import evaluate_evidence
    from kinetics.reports.evidence import evidence_json, evidence_markdown, evidence_text

    path = library_folder("fits") / "evidence.csv" if file is None else file
    faults = Faults()
    destination(faults, out, ".md", inputs=[path])
    facts = _facts(path, faults)
    faults.raise_if_any()
    with watched(f"asking {len(facts)} facts") as steps:
        evaluated = evaluate_evidence(facts, patients, seed, steps.count)
    if out is not None:
        write_atomically(out, evidence_markdown(evaluated, path.name))
        wrote(out)
    if as_json:
        print_json(evidence_json(evaluated))
    else:
        print_text(evidence_text(evaluated, page_width()))


def _facts(path: Path, faults: Faults) -> list[PublishedFact]:
    from kinetics.files.tables import read_table
    from kinetics.published import EvidenceRow, read_facts

    return read_facts(read_table(path, EvidenceRow, faults), faults)
