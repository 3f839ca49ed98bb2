"""Failures and warnings as plain lines on stderr, and the exit status of each kind."""

from __future__ import annotations

import os
import sys
import traceback as tracebacks
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from kinetics.errors import ClusterError, Fault, InputError, IntegrationError, KineticsError, StorageError, fault_lines
from kinetics.text.escaping import one_line, safe_lines

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.patients import PatientData

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def tell(text: str) -> None:
    """Print a line on stderr, with what would act on the terminal escaped. A closed or full stderr is ignored."""
    try:
        typer.echo(one_line(text), err=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def tell_notes(data: PatientData) -> None:
    """Print on stderr what was understood of tables of patients, assumed of them and left out."""
    for note in data.notes:
        tell(f"note: {note}")


@contextmanager
def reported(*, traceback: bool = False) -> Iterator[None]:
    """Run a command: warnings become lines, failures become lines, with a traceback if asked, and an exit status."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.simplefilter("default", RuntimeWarning)
            # numpy, of times without a value in any patient; that patients failed has been reported with the reason
            warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
            warnings.showwarning = _each_once()
            yield
    except InputError as error:
        _print_traceback(traceback)
        for line in fault_lines(error.faults):
            tell(f"error: {line}")
        raise typer.Exit(BAD_INPUT) from None
    except (ClusterError, StorageError) as error:
        _print_traceback(traceback)
        tell(f"error: {Fault(str(error))}")
        raise typer.Exit(BAD_INPUT) from None
    except KineticsError as error:
        _print_traceback(traceback)
        tell(f"error: {Fault(str(error))}")
        raise typer.Exit(FAILED) from None
    except MemoryError:
        _print_traceback(traceback)
        tell("error: not enough memory; ask for fewer patients, draws or times")
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        _print_traceback(traceback)
        tell("interrupted: nothing was kept")
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:
        if hasattr(error, "format_message"):  # the parser's own, which it reports itself, with what was typed
            error.message = one_line(str(error.message))  # pyright: ignore[reportAttributeAccessIssue]
            raise
        _print_traceback(traceback)
        tell(f"error: a fault of the program, not of your input: {Fault(f'{type(error).__name__}: {error}')}")
        if not traceback:
            tell("Run it again as 'kinetics --traceback ...' and report what it prints.")
        raise typer.Exit(FAILED) from None


def check_any_done(result: xr.Dataset | xr.DataTree) -> None:
    """Let a run fail if all patients, or all draws, failed, in a comparison those under one of the regimens.

    Raises an `IntegrationError`. The result, which has the reasons, is printed before.
    """
    for group in getattr(result, "subtree", [result]):
        if "failure" in group.variables and (reasons := group["failure"].values).size and (reasons != "").all():
            who = f"{reasons.size} {group['failure'].dims[0]}s"
            raise IntegrationError(f"none of {who} could be integrated; the first: {reasons[0]}")
        if "failed" in group.variables and (lost := group["failed"] == group.attrs["patients"]).any():
            under = ", ".join(map(str, group["regimen"].values[lost.values]))
            raise IntegrationError(f"none of {group.attrs['patients']} patients could be integrated under {under}")


def _print_traceback(enabled: bool) -> None:
    if enabled:
        typer.echo(safe_lines(tracebacks.format_exc().rstrip()), err=True)


def _each_once() -> Callable[..., None]:
    """Prints a warning as a line, once: a command reads some files several times."""
    printed: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        line = f"warning: {Fault(str(message))}"
        if line not in printed:
            tell(line)
        printed.add(line)

    return show
