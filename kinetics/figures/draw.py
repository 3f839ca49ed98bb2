"""`draw_figure`: a figure file to a picture on disk."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from kinetics import __version__
from kinetics.errors import Fault, InputError, KineticsError
from kinetics.figures.agreement.compute import Agreement
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.style import style
from kinetics.figures.comparison.draw import ComparedRegimens
from kinetics.figures.comparison.spec import ComparisonSpec
from kinetics.figures.facts.draw import Facts
from kinetics.figures.identity import figure_hash
from kinetics.figures.map.draw import Map
from kinetics.figures.prior_posterior.draw import PriorPosterior
from kinetics.figures.time_course.draw import TimeCourse
from kinetics.figures.tornado.draw import Tornado
from kinetics.figures.visual_predictive_check.draw import VisualPredictiveCheck
from kinetics.files.documents import read_document
from kinetics.files.library import find_file
from kinetics.files.writing import write_atomically
from kinetics.text.escaping import one_line, safe_lines

if TYPE_CHECKING:
    from kinetics.comparison import Comparison
    from kinetics.estimate.estimates import Estimates
    from kinetics.regimen import Regimen

__all__ = ["FORMATS", "KINDS", "draw_comparison", "draw_figure", "read_figure"]


KINDS: dict[str, type[Kind[Any]]] = {
    "time_course": TimeCourse,
    "visual_predictive_check": VisualPredictiveCheck,
    "agreement": Agreement,
    "prior_posterior": PriorPosterior,
    "tornado": Tornado,
    "comparison": ComparedRegimens,
    "map": Map,
    "facts": Facts,
}

FORMATS: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None, "Creator": f"lymphokinetics {__version__}"},
    ".pdf": {"CreationDate": None, "Creator": f"lymphokinetics {__version__}"},
    ".png": {"Software": f"lymphokinetics {__version__}"},
}
"""What a picture may be, with metadata that is the same every time."""

_IDENTITY = {".svg": "Identifier", ".pdf": "Subject", ".png": "Identifier"}
"""Where it says what it was drawn from."""


def read_figure(name: str | Path) -> Kind[Any]:
    """Read a figure file.

    Parameters
    ----------
    name : str or pathlib.Path
        A path, or the name of a figure that ships.

    Returns
    -------
    Kind

    Raises
    ------
    InputError
        With every fault of the file.
    """
    document = read_document(find_file(name, "fits/figures"))
    header = document.data.get("figure")
    kind = header.get("kind") if isinstance(header, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        message = f"unknown kind '{kind}'" if kind is not None else "missing 'kind'"
        place = document.where("figure", "kind")
        raise InputError(Fault(f"{message}; there are {', '.join(KINDS)}", place, "figure.kind"))
    return KINDS[kind].read(document)


def draw_figure(
    name: str | Path,
    result: xr.DataTree | xr.Dataset | None,
    out: str | Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    estimates: Sequence[Estimates] = (),
) -> None:
    """Draw a figure and write it.

    Parameters
    ----------
    name : str or pathlib.Path
        A path, or the name of a figure that ships.
    result : xarray.DataTree or xarray.Dataset or None
        A prediction or a simulation to draw, or the result of a fit for a figure of it; None to compute what the file
        says. A time course of another regimen is drawn without published points.
    out : str or pathlib.Path
        Where the picture goes: ``.svg`` (text stays text), ``.pdf`` or ``.png`` (300 dpi). The same figure gives the
        same bytes. Of what was computed from the file alone the metadata hold `figure_hash`.
    progress : callable, optional
        Called with (done, all).
    estimates : sequence of Estimates
        Fresh ones, each taken for the committed result of the fit of that name.

    Raises
    ------
    InputError
        With every fault of the file or of the result; nothing is written.

    Examples
    --------
    >>> draw_figure("recovery", None, "recovery.jpeg")
    Traceback (most recent call last):
    kinetics.errors.InputError: recovery.jpeg: a figure is written as .svg, .pdf, .png
    """
    from kinetics.estimate.estimates import Estimates

    out = Path(out)
    if out.suffix.lower() not in FORMATS:
        raise InputError(f"{out}: a figure is written as {', '.join(FORMATS)}")
    figure = read_figure(name)
    tree = xr.DataTree(result) if isinstance(result, xr.Dataset) else result
    if tree is not None and figure.from_estimates and "estimates" in tree.children:
        tree, estimates = None, (_of_its_fit(figure, Estimates.from_tree(tree)),)
    identity = figure_hash(figure.spec) if tree is None and not estimates else None
    if tree is None:
        tree = figure.compute(progress, estimates)
    try:
        figure.check(tree)
        _write(figure, tree, out, identity)
    except KineticsError:
        raise
    except Exception as error:
        if result is None:
            raise
        # a file whose names fit, but whose shapes, types or attributes are those of no result, raises anything
        raise InputError(f"the result cannot be drawn: {type(error).__name__}: {error}") from error


def _of_its_fit(figure: Kind[Any], estimates: Estimates) -> Estimates:
    """Estimates that were given, which must be of the fit that the figure is of: others would not be drawn."""
    problem = figure.spec.problem
    if problem is None or problem.name != estimates.fit:
        own = "the figure is of no fit" if problem is None else f"the figure is of fit '{problem.name}'"
        raise InputError(f"the estimates are of {estimates.fit}; {own}")
    return estimates


def draw_comparison(comparison: Comparison, regimens: Sequence[Regimen], result: xr.Dataset, out: str | Path) -> None:
    """Draw what `kinetics.comparison.comparing` found, without a figure file.

    Parameters
    ----------
    comparison : Comparison
        What was compared.
    regimens : sequence of Regimen
        Under what.
    result : xarray.Dataset
        What was found.
    out : str or pathlib.Path
        Where the picture goes, as of `draw_figure`.
    """
    figure = ComparedRegimens(ComparisonSpec.of(comparison, regimens))
    _write(figure, xr.DataTree(result), Path(out))


def _write(figure: Kind[Any], tree: xr.DataTree, out: Path, identity: str | None = None) -> None:
    suffix = out.suffix.lower()
    metadata = FORMATS[suffix] | ({_IDENTITY[suffix]: identity} if identity else {})
    with style(), _room(), warnings.catch_warnings():
        if suffix == ".svg":  # text stays text, for whatever fonts a reader has
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        picture = figure.draw(tree)
        _show_everything(picture)
        content = io.BytesIO()
        picture.savefig(content, format=suffix[1:], metadata=metadata)
    write_atomically(out, content.getvalue())


_NO_ROOM = "constrained_layout not applied"


@contextmanager
def _room() -> Iterator[None]:
    """Refuse a figure whose labels leave no room for its axes, which matplotlib only warns of."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=_NO_ROOM, category=UserWarning)
            yield
    except UserWarning as warning:
        if not str(warning).startswith(_NO_ROOM):
            raise
        raise InputError("the labels leave the panels no room; make the page larger, or say less") from warning


def _show_everything(picture: Figure) -> None:
    """Escape what is no character of SVG: files hold none, but results and Python code may."""
    for text in picture.findobj(Text):
        assert isinstance(text, Text)
        text.set_text(safe_lines(text.get_text()))
    for artist in picture.findobj(lambda artist: artist.get_gid() is not None):
        artist.set_gid(one_line(str(artist.get_gid())))
