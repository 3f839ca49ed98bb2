"""Whether a figure fits in its width, on a page of print; and if not, in which width it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xarray as xr
from matplotlib.axes import Axes

from kinetics.errors import Fault, InputError
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.layout import LayoutError
from kinetics.figures.base.page import Page
from kinetics.figures.base.rows import WIDTHS
from kinetics.figures.base.style import MM

_WIDER = (60, 70, *sorted(WIDTHS.values()), 100, 140, 200, 240, 300, 400)
"""Widths, mm, that are tried to say which one works."""
_COLUMNS = tuple(sorted(WIDTHS.values()))
_PRINTED = 245.0
"""Height of a page of print, mm."""


def fitted(kind: Kind[Any], tree: xr.DataTree, axes: Sequence[Axes] = ()) -> Page:
    """The page of a figure; if it does not fit, an `InputError` says in which width it does.

    A page that is higher than print is refused only if a column of a journal holds the figure.
    """
    page, faults = _attempt(kind, tree, axes)
    if page is not None and (axes or kind.page.height or _height(page) <= _PRINTED):
        return page
    remedy = _wider(kind, tree, _WIDER) if page is None else _wider(kind, tree, _COLUMNS, printed=True)
    if page is not None:
        if remedy is None:
            return page
        faults = [f"it would be {_height(page):.0f} mm high, and a page of print has {_PRINTED:g} mm"]
    first = "; ".join(faults[:3])
    more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
    remedy = remedy or "make it higher, or draw less in it"
    raise InputError(Fault(f"the figure does not fit in {kind.page.mm:g} mm: {first}{more}; {remedy}", name="width"))


def _attempt(kind: Kind[Any], tree: xr.DataTree, axes: Sequence[Axes] = ()) -> tuple[Page | None, list[str]]:
    """The page, or why there is none."""
    try:
        return kind.draw(tree, axes), []
    except LayoutError as error:
        return None, [fault.message for fault in error.faults]


def _height(page: Page) -> float:
    return float(page.figure.get_size_inches()[1]) / MM


def _wider(kind: Kind[Any], tree: xr.DataTree, widths: Sequence[float], *, printed: bool = False) -> str | None:
    """The first greater width that holds the figure, in words; of those whose page can be ``printed`` if there are."""
    names, unprinted = {mm: name for name, mm in WIDTHS.items()}, None
    for width in (width for width in widths if width > kind.page.mm):
        page, _ = _attempt(kind.on_page(kind.page.model_copy(update={"width": width})), tree)
        if page is None:
            continue
        words = f"it fits in {width:g} mm" + (f", '{names[width]}'" if width in names else "")
        if kind.page.height or _height(page) <= _PRINTED:
            return words
        unprinted = unprinted or words
    return None if printed else unprinted
