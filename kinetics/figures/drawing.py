"""`draw`: a figure that ships, a figure file or a result, as a picture with its caption and its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

from matplotlib.axes import Axes
from pydantic import ValidationError

from kinetics.errors import Fault, Faults, InputError, KineticsError
from kinetics.figures.base.kind import Inputs, Kind
from kinetics.figures.base.rows import LookRow, PageRow
from kinetics.figures.drawn import Drawn, check_beside
from kinetics.figures.fitting import fitted
from kinetics.figures.identity import figure_hash
from kinetics.figures.rendering import DPI, FORMATS
from kinetics.figures.resolving import Request, Result, resolve
from kinetics.files.arguments import Progress
from kinetics.files.rows import problem_text
from kinetics.model import Model

if TYPE_CHECKING:
    from kinetics.comparison import Comparison
    from kinetics.estimate import Estimates
    from kinetics.regimen import Regimen


class Appearance(TypedDict, total=False):
    """Keywords of `draw`, each in place of what the figure file says; None leaves that.

    Parameters
    ----------
    width, height : str or float
        Of the page: "single" (85 mm), "one-and-a-half" (120), "double" (174) or a number of mm; without a height what
        the content needs. What does not fit is refused with a width that it fits in.
    font_size : float
        Of labels, points; ticks and keys are a little smaller.
    style : {"house", "own"}
        "own" draws with your own settings of matplotlib, whose layout is then not checked.
    language : str
        Of fixed words: "en", "de", or the path of a file with ``[words]``.
    words, labels : mapping
        Fixed words by key, as the file of a language has them; labels by the name of an output, regimen, cohort or
        parameter, or by the label that they replace.
    title : str
        Of the caption.
    key : bool
        Whether a key stands beneath.
    """

    width: str | float | None
    height: float | None
    font_size: float | None
    style: str | None
    language: str | None
    words: Mapping[str, str] | None
    labels: Mapping[str, str] | None
    title: str | None
    key: bool | None


def draw(
    figure: str | Path | Kind[Any] | Result,
    out: str | Path | Sequence[str | Path] | None = None,
    *,
    input: str | Path | Result | Estimates | None = None,
    ax: Axes | Sequence[Axes] | None = None,
    outputs: Sequence[str] = (),
    model: str | Path | Model | None = None,
    dpi: int = DPI,
    progress: Progress | None = None,
    **appearance: Unpack[Appearance],
) -> Drawn:
    """Draw a figure, and write it if ``out`` says where to.

    Parameters
    ----------
    figure : str, pathlib.Path, Kind or a result
        The name of a figure that ships, such as "recovery", the path of a figure file, what `read_figure` gives, or a
        kind such as "individual_fits" of a clinic, the ``input``. Or a result, or the path of its ``.nc`` file: a fit
        is drawn as agreement with published numbers, as are evidence and cross-validations; a simulation or prediction
        as outputs over time, patients by median and 5 to 95 %; a clinic as goodness of fit, its patients as pages.
    out : str, pathlib.Path or a sequence of them, optional
        ``NAME.svg``, ``.pdf``, ``.png`` or ``.tiff`` files; beside each come the caption, ``NAME.md``, and the numbers
        that are drawn, ``NAME.csv``, as of `Drawn.save`. The same figure gives the same bytes.
    input : optional
        What a named figure is drawn from: a result, the estimates of a fit, or the path of a result file; without it
        what its file says. A time course of another regimen has no published points.
    ax : matplotlib.axes.Axes or a sequence of them, optional
        Your own, as many as the figure has panels; size and layout are then yours too.
    outputs, model : optional
        Of a result: the outputs to draw, all by default, and its `Model`, if that is none that ships.
    dpi, progress : optional
        Dots per inch of ``.png`` and ``.tiff``; called with (done, all).
    **appearance
        Width, style, language, words and so on, in place of what the file says: `Appearance`.

    Returns
    -------
    Drawn
        ``figure, axes = draw(...)``; also with ``caption``, ``alt`` and ``data``. A notebook shows the picture.

    Raises
    ------
    InputError
        With every fault of the arguments, the file or the result; nothing is written.

    Examples
    --------
    >>> draw("recovery", "recovery.jpeg")
    Traceback (most recent call last):
    kinetics.errors.InputError: out: recovery.jpeg: a figure is written as .svg, .pdf, .png, .tiff
    """
    stated: dict[str, Any] = {name: value for name, value in appearance.items() if value is not None}
    title, axes = stated.pop("title", None), _checked_axes(ax)
    size = {name: stated.pop(name) for name in ("width", "height") if name in stated}
    paths = _checked_arguments(out, dpi, size, stated)
    request = resolve(figure, input, outputs, model)
    request = replace(request, kind=_changed(request.kind, size, stated, title))
    drawn = _drawn(request, axes, progress or Inputs.progress)
    return replace(drawn, files=drawn.save(*paths, dpi=dpi)) if paths else drawn


def _drawn(request: Request, axes: Sequence[Axes], progress: Progress) -> Drawn:
    kind, tree, identity = request.kind, request.tree, None
    if tree is None:
        identity = None if request.estimates else figure_hash(kind.spec)
        tree = kind.compute(Inputs(request.estimates, progress=progress))
    try:
        kind.check(tree)
        pages = [fitted(page, tree, axes) for page in kind.pages(tree)]
    except KineticsError:
        raise
    except Exception as error:
        if request.tree is None:
            raise
        # a file whose names fit, but whose shapes, types or attributes are those of no result, raises anything
        raise InputError(f"the result cannot be drawn: {type(error).__name__}: {error}") from error
    return Drawn(request.name, kind, tree, pages, identity)


def figure_of_comparison(comparison: Comparison, regimens: Sequence[Regimen]) -> Kind[Any]:
    """The figure of regimens side by side without a figure file; `draw` takes it, with their result as input."""
    from kinetics.figures.comparison.draw import ComparedRegimens
    from kinetics.figures.comparison.spec import ComparisonSpec

    return ComparedRegimens(ComparisonSpec.of(comparison, regimens))


def _changed(kind: Kind[Any], size: Mapping[str, Any], look: Mapping[str, Any], title: str | None) -> Kind[Any]:
    """A figure with the size, look and title of keywords in place of its file's."""
    page = kind.page
    changes = dict(look)
    for name in ("words", "labels"):
        if name in changes:
            changes[name] = {**getattr(page.look, name), **changes[name]}
    update: dict[str, Any] = dict(size)
    if changes:
        update["look"] = page.look.model_copy(update=changes)
    kind = kind.on_page(page.model_copy(update=update)) if update else kind
    with kind.look():  # refuses an unknown language or word before any work
        return kind if title is None else kind.with_title(title)


def _checked_arguments(out: object, dpi: object, size: Mapping[str, Any], look: Mapping[str, Any]) -> list[Path]:
    """The paths to write, all arguments being checked before any work."""
    faults, paths = Faults(), list[Path]()
    with faults.gather(name="out"):
        paths = _checked_paths(out)
        check_beside(paths)
    if isinstance(dpi, bool) or not isinstance(dpi, int) or not 72 <= dpi <= 2400:
        faults.add(f"must be a whole number from 72 to 2400, found {dpi!r}", name="dpi")
    for kind, values in ((PageRow, size), (LookRow, look)):
        stated = {name: _plain(value) for name, value in values.items()}
        try:
            kind.model_validate(stated)
        except ValidationError as error:
            problems = {str(each["loc"][0]): each for each in error.errors(include_url=False)}
            for name, problem in problems.items():
                faults.add(problem_text(problem), name=name)
    faults.raise_if_any()
    return paths


def _plain(value: Any) -> Any:
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else value


def _checked_axes(ax: object) -> tuple[Axes, ...]:
    listed = [] if ax is None else [ax] if isinstance(ax, Axes) else list(getattr(ax, "flat", cast("Any", ax)))
    if not all(isinstance(each, Axes) for each in listed):
        raise InputError(Fault("must be Axes of matplotlib, or a sequence of them", name="ax"))
    return tuple(cast("list[Axes]", listed))


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
