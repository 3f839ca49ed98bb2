"""`kinetics compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.completion import REGIMENS
from kinetics.cli.arguments.inputs import check_engine, destination
from kinetics.cli.arguments.options import AsJson, EngineName, Patients, Seed
from kinetics.cli.arguments.pictures import PICTURES, Language, Width, picture
from kinetics.cli.terminal.failures import check_any_done
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def compare(
    regimens: Annotated[
        list[str],
        typer.Argument(metavar="REGIMEN...", help="Regimens that ship, or files; up to 7.", autocompletion=REGIMENS),
    ],
    cohort: Annotated[
        str | None, typer.Option("--cohort", metavar="NAME", help="A cohort of the model; by default the comparison's.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME|FILE",
            help="In place of the comparison's model; rows of outputs it lacks are left out.",
        ),
    ] = None,
    spec: Annotated[
        Path | None,
        typer.Option("--spec", metavar="FILE", help="What is compared; by default the file that ships."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="In place of the comparison's end.")
    ] = None,
    patients: Patients = None,
    seed: Seed = 0,
    engine: EngineName = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.{svg,pdf,png,tiff,nc,csv,xlsx}",
            help="Draw it or write it; replaced only by a success.",
        ),
    ] = None,
    width: Width = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Regimens side by side: nadirs, recovery, overshoot, time below limits and indices, in one cohort."""
    from kinetics.comparison import compare as run
    from kinetics.comparison import load_regimens, read_comparison
    from kinetics.figures import draw, figure_of_comparison
    from kinetics.reports.comparison import comparison_json, comparison_text
    from kinetics.results import RESULTS, write_result

    faults = Faults()
    check_engine(faults, engine)
    destination(faults, out, *PICTURES, *RESULTS, inputs=[spec, *regimens])
    drawn = out if out is not None and out.suffix.lower() in PICTURES else None
    look = picture(faults, drawn, width, language, inputs=[spec, *regimens])
    comparison, loaded = None, []
    with faults.gather():
        comparison = read_comparison(spec, model=model, cohort=cohort, until=until)
    with faults.gather():
        loaded = load_regimens(regimens, comparison)
    faults.raise_if_any()
    assert comparison is not None
    with watched(f"comparing {len(loaded)} regimens") as steps:
        result = run(loaded, comparison, patients=patients, seed=seed, engine=engine, progress=steps.count)
    if as_json:
        print_json(comparison_json(comparison, result))
    else:
        print_text(comparison_text(comparison, result, page_width()))
    check_any_done(result)
    if out is None:
        return
    if out.suffix.lower() in RESULTS:
        wrote(*write_result(result, out))
    else:
        wrote(*draw(figure_of_comparison(comparison, loaded), out, input=result, **look).files)
