"""Options that several subcommands share: the same name, the same meaning, the same help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.completion import MODELS, REGIMENS, completing

FitResult = Annotated[
    str,
    typer.Argument(
        metavar="FIT",
        help="A file of 'kinetics fit --out', or a fit with a committed result.",
        autocompletion=completing("fits", suffix=".nc"),
    ),
]
FitCohort = Annotated[
    str | None, typer.Option("--cohort", metavar="NAME", help="A cohort of the model; by default that of the fit.")
]
Draws = Annotated[
    int, typer.Option("--draws", metavar="N", min=2, help="Parameter sets drawn from the covariance of the fit.")
]
EngineName = Annotated[
    str,
    typer.Option("--engine", metavar="auto|scipy|batch", help="auto: batch for more than one run, else scipy."),
]
RegimenName = Annotated[
    str | None,
    typer.Option(
        "--regimen",
        metavar="NAME|FILE",
        help="What is given; see 'kinetics models'. Without it, no drug.",
        autocompletion=REGIMENS,
    ),
]
Retreat = Annotated[
    list[str] | None,
    typer.Option("--retreat", metavar="TIME", help='A further course at this time, such as "24 month"; repeatable.'),
]
RetreatWith = Annotated[
    str,
    typer.Option(
        "--retreat-with",
        metavar="NAME|FILE",
        help="The regimen of one course that --retreat gives.",
        autocompletion=REGIMENS,
    ),
]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help='The last time, such as "10 year".')]
EndOrTimes = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help='The last time, such as "10 year"; or give --times.')
]
Times = Annotated[
    str | None,
    typer.Option("--times", metavar="TIME,...", help='Output times, such as "0 day, 3 month, 7 month", alone.'),
]
ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model that ships, or a file.", autocompletion=MODELS)
]
Every = Annotated[str, typer.Option("--every", metavar="TIME", help='The step of the output, such as "1 month".')]
EveryOrMonth = Annotated[
    str | None,
    typer.Option(
        "--every",
        metavar="TIME",
        help='The step of the output, such as "2 week"; by default a month, or a hundredth of a time without unit.',
    ),
]
Patients = Annotated[
    int | None,
    typer.Option("--patients", metavar="N", min=1, help="Draw N virtual patients; without it the typical patient."),
]
FutureTrial = Annotated[
    int | None,
    typer.Option("--study", metavar="N", min=1, help="Predict what a future trial of N patients finds."),
]
Covariates = Annotated[
    Path | None,
    typer.Option(
        "--covariates", metavar="FILE.csv", help="Known values of virtual patients, one row each, in place of draws."
    ),
]
Sampling = Annotated[
    str,
    typer.Option(
        "--sampling", metavar="random|quasi", help="quasi: patients of a Sobol sequence, whose means converge faster."
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", min=0, max=2**63 - 1, help="Seed of the random numbers.")]
States = Annotated[bool, typer.Option("--states", help="Return every state beside the outputs.")]
KeepParameters = Annotated[
    bool, typer.Option("--parameters", help="Return the parameters in which patients differ too.")
]
Whole = Annotated[bool, typer.Option("--whole", help="Integrate states at rest too; the numbers are the same.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from what an interrupted run of the same call has kept.")]
OutNetCDF = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE.nc", help="Write the result as NetCDF; replaced only by a success."),
]
OutResult = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE.{nc,csv,xlsx}", help="Write the result: NetCDF, or tables; replaced only by a success."
    ),
]
ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="Work on the Dask cluster with this scheduler, such as tcp://host:8786."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", min=1, max=1000, help="Work in N processes of this machine, through Dask."),
]
Counts = Annotated[
    Path, typer.Argument(metavar="FILE", help="Counts of patients: CSV, TSV, .xlsx or .parquet; or a mapping (.toml).")
]
DosesFile = Annotated[Path | None, typer.Option("--doses", metavar="FILE", help="The doses, if they have a table.")]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE.toml", help="What columns mean; 'kinetics data guess' writes it."),
]
ModelOfData = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="The model whose outputs were measured.", autocompletion=MODELS),
]
AllowLarge = Annotated[bool, typer.Option("--allow-large", help="Read a table of patients of more than 50 MB.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]
