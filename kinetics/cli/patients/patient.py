"""`kinetics patient`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination, named_values
from kinetics.cli.arguments.option_names import named_as_options
from kinetics.cli.arguments.options import (
    AllowLarge,
    AsJson,
    Counts,
    DosesFile,
    MappingFile,
    OutResult,
    Retreat,
    Seed,
)
from kinetics.cli.arguments.pictures import Language, Width, picture
from kinetics.cli.terminal.failures import check_any_done, tell_notes
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def patient(
    counts: Counts,
    id: Annotated[str, typer.Option("--id", metavar="ID", help="The patient.")],
    doses: DosesFile = None,
    mapping: MappingFile = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="The model; by default the one that the mapping names."),
    ] = None,
    cohort: Annotated[
        str | None,
        typer.Option("--cohort", metavar="NAME", help="The population; by default the model's own values and spreads."),
    ] = None,
    retreat: Retreat = None,
    retreat_with: Annotated[
        str | None,
        typer.Option(
            "--retreat-with", metavar="NAME|FILE", help="The regimen of one course that --retreat gives; else the last."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="The last time; by default 60 steps after the last record."),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option("--every", metavar="TIME", help="The step; by default a month, or an hour of a model in hours."),
    ] = None,
    visits: Annotated[
        str | None,
        typer.Option("--visits", metavar="NAME|FILE", help="When counts will be measured: chances at these visits."),
    ] = None,
    errors: Annotated[
        list[str] | None,
        typer.Option("--error", metavar="OUTPUT=TEXT", help="How it is measured, such as N='proportional 0.15'."),
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", min=2, help="Parameter sets that the counts leave possible.")
    ] = 200,
    posterior: Annotated[
        int | None,
        typer.Option("--posterior", metavar="N", min=2, help="Sample the posterior, in place of Laplace's method."),
    ] = None,
    seed: Seed = 0,
    out: OutResult = None,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE.{svg,pdf,png,tiff}", help="Draw counts, fitted curve and prediction."),
    ] = None,
    width: Width = None,
    language: Language = None,
    allow_large: AllowLarge = False,
    as_json: AsJson = False,
) -> None:
    """Fit the counts of one patient, and predict them, after a further course too."""
    from kinetics.files.arguments import loaded
    from kinetics.model import Model
    from kinetics.patients import read_patients
    from kinetics.patients.individual.arguments import named_model
    from kinetics.patients.individual.fitting import fit_patient
    from kinetics.reports.patient import patient_json, patient_text
    from kinetics.results import RESULTS, write_result

    faults, inputs = Faults(), [path for path in (counts, doses, mapping) if path is not None]
    destination(faults, out, *RESULTS, inputs=inputs)
    look = picture(faults, figure, width, language, "--figure", inputs)
    stated = named_values(faults, "--error", "N='proportional 0.15'", errors or ())
    chosen = faults.attempt("--model", lambda: model or named_model(counts, mapping))
    faults.raise_if_any()
    assert chosen is not None
    structure = loaded("model", chosen, Model)
    data = read_patients(counts, doses, mapping, model=structure, allow_large=allow_large)
    tell_notes(data)
    with watched(f"fitting patient {id}"), named_as_options({f"errors.{name}": f"--error {name}" for name in stated}):
        fit = fit_patient(data, id, model=structure, cohort=cohort, errors=stated, posterior=posterior, seed=seed)
        tree = fit.predict(
            until=until, every=every, retreat=retreat or None, retreat_with=retreat_with, visits=visits, draws=draws,
            seed=seed,
        )  # fmt: skip
    if out is not None:
        wrote(*write_result(tree, out))
    if figure is not None:
        from kinetics.figures import draw

        wrote(*draw(tree, figure, **look).files)
    if as_json:
        print_json(patient_json(tree))
    else:
        print_text(patient_text(tree, page_width()))
    check_any_done(tree)
