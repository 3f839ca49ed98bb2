"""`kinetics data read`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.arguments.options import AllowLarge, Counts, DosesFile, MappingFile, ModelOfData
from kinetics.cli.terminal.output import page_width, print_text, wrote
from kinetics.errors import Faults


def read(
    counts: Counts,
    doses: DosesFile = None,
    mapping: MappingFile = None,
    model: ModelOfData = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.{csv,nc,xlsx}", help="Write the tidy table, or the dataset."),
    ] = None,
    allow_large: AllowLarge = False,
) -> None:
    """Check a table of patients, print what it holds, and write it in the units of the model."""
    from kinetics.patients import read_patients
    from kinetics.reports.patient.data import patients_text
    from kinetics.results import RESULTS, write_result

    faults = Faults()
    given = [path for path in (counts, doses, mapping) if path is not None]
    destination(faults, out, *RESULTS, inputs=given)
    faults.raise_if_any()
    data = read_patients(counts, doses, mapping, model=model, allow_large=allow_large)
    print_text(patients_text(data, page_width()))
    if out is not None:
        if out.suffix == ".csv":
            data.to_csv(out)
            wrote(out)
        else:
            wrote(*write_result(data.to_dataset(), out))
