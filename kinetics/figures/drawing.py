"""`draw`: a figure that ships, a figure file or a result, as a picture."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import xarray as xr
from matplotlib.figure import Figure

from kinetics.errors import Faults, InputError, KineticsError
from kinetics.figures.base.kind import Inputs, Kind
from kinetics.figures.base.style import FONT_SIZE
from kinetics.figures.comparison.draw import ComparedRegimens
from kinetics.figures.comparison.spec import ComparisonSpec
from kinetics.figures.identity import figure_hash
from kinetics.figures.rendering import FORMATS, render, render_pages
from kinetics.figures.resolving import Request, Result, resolve
from kinetics.files.arguments import Progress
from kinetics.files.writing import write_atomically
from kinetics.model import Model

if TYPE_CHECKING:
    from kinetics.comparison import Comparison
    from kinetics.estimate import Estimates
    from kinetics.regimen import Regimen

_SIZES = {"font_size": (4, 30, "points"), "width": (40, 400, "mm"), "height": (40, 2000, "mm")}
"""What a number may be, and its unit."""
_SCREEN = 2 * 96
"""Dots per inch of a picture in a notebook: two a pixel, so that it is sharp."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure that was drawn.

    Parameters
    ----------
    name : str
        Of the figure, or what it was drawn from.
    kind : Kind
        The checked figure: ``kind.spec`` is what its file says.
    data : xarray.DataTree
        The numbers that are shown, each with its ``units``, on dims such as (patient, time).
    figure : matplotlib.figure.Figure
        The picture, which may be changed before `save`.
    files : tuple of pathlib.Path
        Where it was written.
    font_size : float
        Of its titles and labels, points.

    A figure may have several `pages`; ``figure`` is the first.
    """

    name: str
    kind: Kind[Any]
    data: xr.DataTree = field(repr=False)
    figure: Figure = field(repr=False)
    files: tuple[Path, ...] = ()
    font_size: float = field(default=FONT_SIZE, repr=False)

    @property
    def pages(self) -> Iterator[Figure]:
        """The pictures of all pages: the first as it is now, each other drawn when it is its turn."""
        yield self.figure
        yield from (page.draw(self.data, self.font_size) for page in self.kind.pages(self.data)[1:])

    @property
    def n_pages(self) -> int:
        """The number of pages."""
        return len(self.kind.pages(self.data))

    def save(self, *out: str | Path) -> None:
        """Write the picture, as it is now, as ``.svg``, ``.pdf`` or ``.png``: several pages as of `draw`."""
        files = [file for path in _checked_paths(out) for file in render_pages(self.pages, path, self.n_pages)]
        for path, content in files:
            write_atomically(path, content)

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches() * 25.4
        files = f": {', '.join(map(str, self.files))}" if self.files else ""
        pages = f", {number} pages" if (number := self.n_pages) > 1 else ""
        return f"<Drawing {self.name}, {self.kind.name}, {width:.0f} x {height:.0f} mm{pages}{files}>"

    def _repr_png_(self) -> bytes:
        return render(self.figure, ".png", dpi=_SCREEN)

    def _repr_html_(self) -> str:
        width = self.figure.get_size_inches()[0] * 96
        picture = base64.b64encode(self._repr_png_()).decode()
        image = f'<img src="data:image/png;base64,{picture}" width="{width:.0f}" alt="figure of kind {self.kind.name}">'
        number = self.n_pages
        return image if number == 1 else f"{image}<p>Page 1 of {number}; .save('NAME.pdf') writes all.</p>"


def draw(
    figure: str | Path | Kind[Any] | Result,
    out: str | Path | Sequence[str | Path] | None = None,
    *,
    input: str | Path | Result | Estimates | None = None,
    font_size: float = FONT_SIZE,
    width: float | None = None,
    height: float | None = None,
    outputs: Sequence[str] = (),
    model: str | Path | Model | None = None,
    progress: Progress | None = None,
) -> Drawing:
    """Draw a figure, and write it if ``out`` says where to.

    Parameters
    ----------
    figure : str, pathlib.Path, Kind, Fit, ClinicFit, PatientFits, xarray.DataTree or xarray.Dataset
        The name of a figure that ships, such as "recovery", the path of a figure file, what `read_figure` gives, or a
        kind such as "individual_fits" of a clinic, the ``input``. Or a result, or the path of its ``.nc`` file: a fit
        is drawn as agreement with its published numbers; a simulation or a prediction as outputs over time, patients as
        their median with 5 to 95 %; a clinic as goodness of fit; fits of patients as pages of these.
    out : str, pathlib.Path or a sequence of them, optional
        ``.svg`` (text stays text), ``.pdf`` or ``.png`` (300 dpi) files. The same figure gives the same bytes; of what
        is computed from a figure file alone the metadata hold a hash of everything it was drawn from. Several pages are
        one ``.pdf``, or a file each, such as ``NAME-01.svg``.
    input : optional
        What a named figure is drawn from: a result, the estimates of a fit, or the path of a result file. Without it
        the figure computes what its file says. A time course of another regimen has no published points.
    font_size : float
        Of titles and labels, points; ticks, legends and notes are a little smaller.
    width, height : float, optional
        Of the page, mm; by default what the file says.
    outputs, model : optional
        Of a result: the outputs to draw, all by default, and its `Model`, if that is none that ships.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    Drawing
        With the matplotlib figure as ``figure`` and the numbers as ``data``; a notebook shows the picture.

    Raises
    ------
    InputError
        With every fault of the arguments, the file or the result; nothing is written.

    Examples
    --------
    >>> drawing = draw("recovery", "recovery.svg", font_size=9)  # doctest: +SKIP
    >>> draw("recovery", "recovery.jpeg")
    Traceback (most recent call last):
    kinetics.errors.InputError: out: recovery.jpeg: a figure is written as .svg, .pdf, .png
    """
    page = {key: value for key, value in (("width", width), ("height", height)) if value is not None}
    paths = _checked_arguments(out, {"font_size": font_size} | page)
    request = resolve(figure, input, outputs, model)
    if page:
        request = replace(request, kind=request.kind.on_page(**page))
    return _drawn(request, paths, font_size, progress or Inputs.progress)


def _drawn(request: Request, paths: Sequence[Path], font_size: float, progress: Progress) -> Drawing:
    kind, tree, identity = request.kind, request.tree, None
    if tree is None:
        identity = None if request.estimates else figure_hash(kind.spec)
        tree = kind.compute(Inputs(request.estimates, progress=progress))
    try:
        kind.check(tree)
        first, *others = kind.pages(tree)
        # each file has a picture of its own: laid out for another format, axes would move
        pictures = [first.draw(tree, font_size) for _ in paths or (None,)]
        files = [
            file
            for path, picture in zip(paths, pictures, strict=False)
            for file in render_pages(
                chain([picture], (page.draw(tree, font_size) for page in others)), path, 1 + len(others), identity
            )
        ]
    except KineticsError:
        raise
    except Exception as error:
        if request.tree is None:
            raise
        # a file whose names fit, but whose shapes, types or attributes are those of no result, raises anything
        raise InputError(f"the result cannot be drawn: {type(error).__name__}: {error}") from error
    for path, content in files:
        write_atomically(path, content)
    return Drawing(request.name, kind, tree, pictures[0], tuple(path for path, _ in files), font_size)


def figure_of_comparison(comparison: Comparison, regimens: Sequence[Regimen]) -> Kind[Any]:
    """The figure of regimens side by side without a figure file; `draw` takes it, with their result as input."""
    return ComparedRegimens(ComparisonSpec.of(comparison, regimens))


def _checked_arguments(out: object, sizes: Mapping[str, object]) -> list[Path]:
    """The paths to write, all arguments being checked before any work."""
    faults, paths = Faults(), list[Path]()
    with faults.gather(name="out"):
        paths = _checked_paths(out)
    for name, value in sizes.items():
        least, most, unit = _SIZES[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            faults.add(f"must be a number of {unit} from {least} to {most}, found {value!r}", name=name)
    faults.raise_if_any()
    return paths


def _checked_paths(out: object) -> list[Path]:
    is_list: bool = isinstance(out, list | tuple)
    listed = cast("Sequence[Any]", out if is_list else [] if out is None else [out])
    if not all(isinstance(path, str | PathLike) for path in listed):
        raise InputError(f"must be a path or a list of paths; found {type(cast(object, out)).__name__}")
    paths = [Path(path) for path in listed]
    for path in paths:
        if path.suffix.lower() not in FORMATS:
            raise InputError(f"{path}: a figure is written as {', '.join(FORMATS)}")
    return paths
