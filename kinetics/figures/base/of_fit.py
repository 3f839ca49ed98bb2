"""What figures of a fit share: the file's header, the problem it names, and the estimates it is drawn at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
import xarray as xr
from pydantic import Field, StrictFloat, StrictInt, StrictStr

from kinetics.cohorts.fit_results import result_path, warn_if_older
from kinetics.errors import Faults, InputError
from kinetics.figures.base.limits import Note, Title
from kinetics.files.documents import Document
from kinetics.files.library import find_file, path_from
from kinetics.files.rows import Row, read_row

if TYPE_CHECKING:
    from kinetics.estimate import Estimates, FitProblem

__all__ = [
    "FitFigureRow",
    "FitFigureSpec",
    "PageRow",
    "check_groups",
    "chosen_estimates",
    "log_parameters",
    "read_fit_figure",
    "read_tables",
]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Millimetres = Annotated[StrictFloat | StrictInt, Field(ge=40, le=400)]
T = TypeVar("T", bound=Row)


class FitFigureRow(Row):
    """``[figure]`` of a figure of a fit."""

    kind: Text
    title: Title = ""
    note: Note = ""
    fit: Text


class PageRow(Row):
    """``[size]``: print size in millimetres; without a height, what the content needs. Panels stand in columns."""

    width: Millimetres = 170
    height: Millimetres | None = None
    columns: Annotated[StrictInt, Field(ge=1, le=6)] | None = None


@dataclass(frozen=True, eq=False)
class FitFigureSpec:
    """A figure of a fit that can be drawn.

    Parameters
    ----------
    header : FitFigureRow
        What the file says.
    page : PageRow
        Its size.
    problem : FitProblem
        The fit.
    path : pathlib.Path
        The file.
    """

    header: FitFigureRow
    page: PageRow
    problem: FitProblem
    path: Path


def read_tables(
    document: Document, header: type[T], others: Iterable[str], faults: Faults
) -> tuple[T | None, PageRow | None]:
    """Read ``[figure]`` and ``[size]``, and note every table the kind does not know."""
    known = ("figure", "size", *others)
    for key in document.data.keys() - set(known):
        faults.add(f"unknown table; there are {', '.join(known)}", document.where(key), key)
    row = read_row(header, document.data.get("figure", {}), document, ("figure",), faults)
    page = read_row(PageRow, document.data.get("size", {}), document, ("size",), faults)
    return row, page


def read_fit_figure(document: Document) -> FitFigureSpec:
    """Check a figure file that says no more than which fit it is of.

    Raises
    ------
    InputError
        With every fault of the file, and of the fit it names.
    """
    faults = Faults()
    header, page = read_tables(document, FitFigureRow, (), faults)
    problem = None if header is None else problem_of(document, header.fit, faults)
    faults.raise_if_any()
    assert header is not None
    assert page is not None
    assert problem is not None
    return FitFigureSpec(header, page, problem, document.path)


def problem_of(document: Document, fit: str, faults: Faults) -> FitProblem | None:
    """The fit problem a figure file names; None, and its faults, if it cannot be read."""
    from kinetics.estimate import FitProblem

    with faults.gather(document.where("figure", "fit"), "figure.fit"):
        return FitProblem.load(find_file(path_from(document.path, fit), "fits"))
    return None


def chosen_estimates(problem: FitProblem, estimates: Sequence[Estimates]) -> Estimates:
    """Fresh estimates of a problem if there are some, else its committed result.

    Raises
    ------
    InputError
        If there are neither, or they are not of the parameters that are free.
    """
    fresh = {each.fit: each for each in estimates}
    chosen = fresh.get(problem.name)
    if chosen is None and fresh and not result_path(problem.path).is_file():
        raise InputError(f"the estimates are of {', '.join(fresh)}; the figure is of fit '{problem.name}'")
    if chosen is None:
        chosen = _committed(problem)
    if sorted(chosen.names) != sorted(free.name for free in problem.free):
        message = f"the estimates of '{problem.name}' are not of its free parameters; run 'kinetics fit --save'"
        raise InputError(message)
    return chosen


def _committed(problem: FitProblem) -> Estimates:
    """The committed result of a problem, with a word if it is older than that or than the model."""
    from kinetics.estimate import Estimates
    from kinetics.estimate.problem.currency import warn_of_problem

    path = result_path(problem.path)
    found = Estimates.read(path)
    warn_if_older(path, problem.model, found.model, found.facts["model_hash"])
    if sorted(found.names) == sorted(free.name for free in problem.free):
        warn_of_problem(found.rows, found.facts, path, problem)
    return found


def log_parameters(problem: FitProblem, estimates: Estimates) -> np.ndarray:
    """Logarithms of the estimates in the order and units of the problem, (parameter,)."""
    values = estimates.by_flat_name(problem.model)
    return np.log([values[free.flat] for free in problem.free])


def check_groups(tree: xr.DataTree, needed: Mapping[str, Sequence[str]], attrs: Mapping[str, Any], source: str) -> None:
    """Refuse a tree that lacks groups, variables or attributes that a figure is drawn from.

    Parameters
    ----------
    tree : xarray.DataTree
        The result.
    needed : mapping of str to sequence of str
        Variables by group; ``/`` is the root.
    attrs : mapping of str to str
        What the attributes of the root must be.
    source : str
        What messages call it.

    Raises
    ------
    InputError
        With everything that is missing.
    """
    faults = Faults()
    for key, wanted in attrs.items():
        found = tree.attrs.get(key)
        if found != wanted:
            faults.add(f"is of {key} '{found}', the figure of '{wanted}'", source)
    for group, names in needed.items():
        if group != "/" and group not in tree.children:
            faults.add(f"has no group '{group}'", source)
            continue
        node = tree if group == "/" else tree[group]
        for name in names:
            if name not in node.variables:
                faults.add(f"has no '{name}' in group '{group}'", source)
    faults.raise_if_any()
