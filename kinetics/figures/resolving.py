"""What `draw` is asked for: the checked figure, and the result or the estimates that it is drawn from.

A kind of figure, and the rooms of fits, are imported when one is drawn: all of them take longer than a drawing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import xarray as xr

from kinetics.errors import Fault, InputError
from kinetics.figures.base.kind import Kind
from kinetics.figures.kinds import KINDS, OF_RESULTS, read_figure
from kinetics.files.arguments import loaded, naming
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.result_kinds import kind_of
from kinetics.results import Drawable, read_result

if TYPE_CHECKING:
    from kinetics.estimate import Estimates

Result: TypeAlias = xr.DataTree | xr.Dataset | Drawable
_SUFFIXES = (".nc", ".zarr")
_SCHEMATIC = "schematic"


@dataclass(frozen=True, eq=False)
class Request:
    """What is drawn: a figure, its name, the result it is drawn from if there is one, and fresh estimates."""

    kind: Kind[Any]
    name: str
    tree: xr.DataTree | None = None
    estimates: tuple[Estimates, ...] = ()


def resolve(
    figure: object, source: object = None, outputs: Sequence[str] = (), model: str | Path | Model | None = None
) -> Request:
    """The figure of a name, a path, a checked figure or a result; ``source`` is the ``input`` of `draw`.

    An `InputError` if there is no such figure, it has faults, or its input is not of its fit.
    """
    if isinstance(figure, str | os.PathLike) and str(figure).lower().endswith(_SUFFIXES):
        figure = read_result(Path(figure))
    if isinstance(figure, Result) and source is not None:
        raise InputError(Fault("is for a figure that is named; the first argument is a result already", name="input"))
    if isinstance(figure, Drawable):
        figure = figure.drawn_from()
    if isinstance(figure, xr.DataTree | xr.Dataset):
        return _of_result(xr.DataTree(figure) if isinstance(figure, xr.Dataset) else figure, outputs, model)
    if isinstance(figure, str) and figure in OF_RESULTS and outputs and model is None:
        return _from_source(OF_RESULTS[figure].without_file(outputs), figure, source)
    if figure == _SCHEMATIC and model is not None and not outputs and source is None:
        return _of_model(loaded("model", model, Model))
    if outputs or model is not None:
        which = "outputs" if outputs else "model"
        raise InputError(Fault("is for a result; a figure file names its own", name=which))
    if isinstance(figure, Drawable):
        from kinetics.figures.of_fits import figure_of

        return _from_source(*figure_of(figure))
    if isinstance(figure, Kind):
        return _from_source(figure, figure.name, source)
    if not isinstance(figure, str | os.PathLike):
        message = "must be the name of a figure, such as 'recovery', the path of a figure file, or a result"
        raise InputError(Fault(f"{message}; found {type(figure).__name__} {figure!r:.40}", name="figure"))
    if figure in KINDS.keys() - OF_RESULTS.keys() and figure not in library_names("fits/figures"):
        is_of_model = figure == _SCHEMATIC
        remedy = "draw('schematic', model=NAME) draws a model" if is_of_model else "draw(result) draws a result"
        raise InputError(Fault(f"'{figure}' is a kind of figure; {remedy}", name="figure"))
    with naming("figure"):
        kind = read_figure(figure if isinstance(figure, str) else Path(figure))
    return _from_source(kind, Path(figure).stem, source)


def _of_result(tree: xr.DataTree, outputs: Sequence[str], model: str | Path | Model | None) -> Request:
    if "estimates" in tree.children:
        message = "is the result of a fit; draw(FIGURE, input=RESULT) draws a figure of it, or draw(FIT) the Fit itself"
        raise InputError(Fault(message, name="figure"))
    if kind_of(tree) == "petab":
        return Request(OF_RESULTS["petab_fit"].without_file(outputs), str(tree.attrs["petab"]), tree)
    if "visits" in tree.children:
        name = "goodness_of_fit" if "NPDE" in tree["visits"] else "individual_fits"
        return Request(OF_RESULTS[name].without_file(outputs), name, tree)
    known = None if model is None else loaded("model", model, Model)
    if "regimen" in tree.dims:
        return _of_comparison(tree, outputs, known)
    if "patient" in tree.attrs and "interval" in tree.children:
        return _of_patient(tree, outputs, known)
    return _over_time(tree, outputs, known)


def _of_comparison(tree: xr.DataTree, outputs: Sequence[str], model: Model | None) -> Request:
    from kinetics.figures.comparison.draw import ComparedRegimens
    from kinetics.figures.comparison.spec import ComparisonSpec

    if outputs:
        raise InputError(Fault("is for the result of a simulation; a comparison shows its own", name="outputs"))
    compared = ComparedRegimens(ComparisonSpec.of_result(tree.to_dataset(), model and model.reference))
    return Request(compared, compared.spec.comparison.name, tree)


def _of_patient(tree: xr.DataTree, outputs: Sequence[str], model: Model | None) -> Request:
    from kinetics.figures.patient.draw import PatientCourse
    from kinetics.figures.patient.spec import PatientSpec

    return Request(PatientCourse(PatientSpec.of_result(tree, outputs, model)), str(tree.attrs["patient"]), tree)


def _over_time(tree: xr.DataTree, outputs: Sequence[str], model: Model | None) -> Request:
    from kinetics.figures.time_course.of_result import time_course_of, with_interval_of_patients

    tree = with_interval_of_patients(tree)
    kind = time_course_of(tree, model, outputs)
    return Request(kind, kind.spec.model.name, tree)


def _of_model(model: Model) -> Request:
    from kinetics.figures.schematic.draw import Schematic
    from kinetics.figures.schematic.spec import SchematicSpec

    return Request(Schematic(SchematicSpec.of(model)), model.name)


def _from_source(kind: Kind[Any], name: str, source: object) -> Request:
    """A figure with what it is drawn from; estimates must be of its fit, as others would not be drawn."""
    if source is None:
        return Request(kind, name)
    from kinetics.estimate import Estimates

    estimates = source if isinstance(source, Estimates) else None
    if estimates is None:
        tree = _tree(source)
        if not kind.from_estimates or "estimates" not in tree.children:
            return Request(kind, name, tree)
        estimates = Estimates.from_tree(tree)
    if kind.fit != estimates.fit:
        own = "the figure is of no fit" if kind.fit is None else f"the figure is of fit '{kind.fit}'"
        raise InputError(Fault(f"the estimates are of {estimates.fit}; {own}", name="input"))
    return Request(kind, name, estimates=(estimates,))


def _tree(result: object) -> xr.DataTree:
    from kinetics.estimate import Fit

    if isinstance(result, Drawable):
        result = result.drawn_from()
    if isinstance(result, str | os.PathLike):
        return read_result(Path(result))
    if isinstance(result, Fit):
        return result.tree()
    if isinstance(result, xr.Dataset):
        return xr.DataTree(result)
    if isinstance(result, xr.DataTree):
        return result
    message = f"must be a result, a fit, its estimates, or the path of a result file; found {type(result).__name__}"
    raise InputError(Fault(message, name="input"))
