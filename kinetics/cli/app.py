"""The command itself: its subcommands, its version, and how failures become messages and exit statuses."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from kinetics import __version__
from kinetics.cli.arguments.examples import examples
from kinetics.cli.arguments.option_names import named_as_options
from kinetics.cli.check import check
from kinetics.cli.compare import compare
from kinetics.cli.data import guess, read
from kinetics.cli.datagen import datagen
from kinetics.cli.documents import cite, report
from kinetics.cli.evidence import evidence
from kinetics.cli.figure import figure
from kinetics.cli.fit import fit
from kinetics.cli.fit_all import fit_all
from kinetics.cli.formats import export, import_
from kinetics.cli.identify import identify
from kinetics.cli.models import models
from kinetics.cli.pages import docs, explore
from kinetics.cli.patients import fit_population, patient
from kinetics.cli.predict import predict
from kinetics.cli.reproduce import reproduce
from kinetics.cli.show import show
from kinetics.cli.simulate import simulate
from kinetics.cli.terminal.failures import reported
from kinetics.cli.terminal.output import printing, written_out
from kinetics.cli.validation import compare_models, crossvalidate, refit


class _Command(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with printing():  # the help text, of which the parser does not expect that it may fail
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a fault of an argument of a verb becomes one of the option of its name."""
        options = {str(parameter.name): parameter.opts[0] for parameter in self.params if parameter.opts}
        with named_as_options({name: option for name, option in options.items() if option.startswith("--")}):
            return super().invoke(ctx)


class _Group(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with reported(), printing():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with reported(traceback=bool(ctx.params.get("traceback"))):
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self.commands, key=_ORDER.index)  # in the order of the work, not of the alphabet


_EXAMPLES = examples()
_WITH_ARGUMENTS = (
    show,
    import_,
    simulate,
    datagen,
    identify,
    fit,
    refit,
    crossvalidate,
    compare_models,
    predict,
    patient,
    compare,
    fit_population,
    figure,
    export,
    cite,
    report,
)


def example(*lines: str) -> str:
    """An example at the end of a help text; the mark keeps its lines as they are."""
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])


app = typer.Typer(
    name="kinetics",
    cls=_Group,
    help="Simulate lymphocyte depletion and recovery, fit it to published numbers, predict, draw.",
    epilog=example(*_EXAMPLES["reproduce"]),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(print_it: bool) -> None:
    if print_it:
        typer.echo(f"kinetics {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", envvar="KINETICS_TRACEBACK", help="After a failure, print where it happened.")
    ] = False,
) -> None:
    """Options of every subcommand; they stand before it."""


_COMMANDS = (
    (reproduce, "The main job: fits, predictions, figures."),
    (models, "List what ships."),
    (docs, "Open the documentation."),
    (show, "Equations and parameter table."),
    (import_, "A model of SBML as a model file."),
    (check, "Report every fault of files."),
    (simulate, "Counts over time under a regimen."),
    (datagen, "What a simulated study would publish, for planning."),
    (identify, "Which parameters can be known at all."),
    (fit, "Estimate parameters."),
    (fit_all, "All fits that are out of date, in order of dependence."),
    (refit, "Is a fit to be trusted? Synthetic replicates of its data, refitted."),
    (crossvalidate, "Does a fit predict what it was not fitted to?"),
    (compare_models, "Variants of a fit, each with a model of its own."),
    (predict, "Counts and recovery, with uncertainty."),
    (patient, "One patient: fit the counts, predict after a further course."),
    (compare, "Regimens side by side."),
    (evidence, "Every published fact beside the model."),
    (fit_population, "The population of a clinic's patients."),
    (figure, "Draw a figure."),
    (export, "A model for other programs: SBML and others."),
    (cite, "References of a result, as BibTeX."),
    (report, "A result as one file to read, print or send."),
    (explore, "A page in the browser to play with a model."),
)


def _name(command: Callable[..., Any]) -> str:
    """The name of a subcommand; one that is a word of Python has a trailing underscore there."""
    return command.__name__.rstrip("_").replace("_", "-")


_NAMES = [_name(command) for command, _ in _COMMANDS]
_ORDER = [*_NAMES[:-3], "data", *_NAMES[-3:]]
_OF_DATA = ((guess, "Propose a mapping."), (read, "Check, print and write a table."))

data = typer.Typer(
    help="Tables of patients: propose what they mean, check them, write them in the units of a model.",
    epilog=example(*_EXAMPLES["data"]),
    no_args_is_help=True,
    rich_markup_mode=None,
)
for _command, _short in _OF_DATA:
    data.command(cls=_Command, short_help=_short, no_args_is_help=True)(_command)
app.add_typer(data, name="data", short_help="Tables of patients.")

for _command, _short in _COMMANDS:
    _epilog = example(*_EXAMPLES[_name(_command)])
    app.command(
        _name(_command), cls=_Command, short_help=_short, epilog=_epilog, no_args_is_help=_command in _WITH_ARGUMENTS
    )(_command)


def main() -> None:
    """Run the command."""
    # imports make objects that stay; looking through them for garbage again and again takes a fifth of a short run
    gc.set_threshold(1_000_000)
    # and so does looking through them once more at the end, when the system takes back all memory anyway
    atexit.register(gc.freeze)
    # xarray imports Dask wherever it is installed, a third of a second; a cluster alone needs it
    if not any(argument.startswith(("--cluster", "--workers")) for argument in sys.argv):
        sys.modules["dask"] = None  # pyright: ignore[reportArgumentType]
    with written_out():
        app()
