"""Whether a figure can be printed as it is: texts apart and within the page, axes and letters large enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from kinetics.errors import Fault, InputError
from kinetics.figures.base.style import MM

LEAST_AXES = 12.0
"""Width and height of axes, mm, at least."""
LEAST_LETTERS = 5.0
"""Size of text, points, at least."""
_SLACK = 0.16
"""Of the height of a line: above and below its letters the box of a text is empty."""


class LayoutError(InputError):
    """A figure does not fit on its page; ``faults`` says what overlaps, is cut or too small."""


def check_layout(figure: Figure, panels: Sequence[Axes]) -> None:
    """Refuse a figure that a reader could not read in print; a `LayoutError` has every fault."""
    faults = [*_texts_that_overlap(figure), *_texts_that_are_cut(figure), *_what_is_too_small(figure, panels)]
    if faults:
        raise LayoutError(*(Fault(fault) for fault in dict.fromkeys(faults)))


def drawn_texts(figure: Figure) -> list[Text]:
    """Every text that shows: of ticks only those within the ends of their axis."""
    of_ticks, drawn = set[Text](), list[Text]()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            of_ticks |= {label for tick in ticks for label in (tick.label1, tick.label2)}
            if axes.get_visible() and axis.get_visible() and axes.axison:
                drawn += _labels_of_ticks(axis)
    others = (text for text in figure.findobj(Text) if isinstance(text, Text) and text not in of_ticks)
    return [text for text in (*drawn, *others) if text.get_visible() and text.get_text().strip()]


def _labels_of_ticks(axis: Axis) -> Iterator[Text]:
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if low - slack <= tick.get_loc() <= high + slack and tick.get_visible():
            yield from (label for label in (tick.label1, tick.label2) if label.get_visible())


def _box(text: Text) -> Bbox:
    """Where the letters of a text are, pixels."""
    box = text.get_window_extent()
    lines = text.get_text().count("\n") + 1
    flat = text.get_rotation() % 180 == 0
    across, up = (0.0, _SLACK * box.height / lines) if flat else (_SLACK * box.width / lines, 0.0)
    return Bbox.from_extents(box.x0 + across, box.y0 + up, box.x1 - across, box.y1 - up)


def _texts_that_overlap(figure: Figure) -> Iterator[str]:
    boxes = [(text.get_text(), _box(text)) for text in drawn_texts(figure)]
    for (one, first), (other, second) in combinations(boxes, 2):
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        if width > 0.5 and height > 0.5:
            yield f"'{_short(one)}' overlaps '{_short(other)}'"


def _texts_that_are_cut(figure: Figure) -> Iterator[str]:
    page = figure.bbox
    for text in drawn_texts(figure):
        box = _box(text)
        beyond = max(page.x0 - box.x0, page.y0 - box.y0, box.x1 - page.x1, box.y1 - page.y1)
        if beyond > 0.5:
            yield f"'{_short(text.get_text())}' leaves the page by {beyond / figure.dpi / MM:.1f} mm"


def _what_is_too_small(figure: Figure, panels: Sequence[Axes]) -> Iterator[str]:
    for axes in panels:
        box = axes.get_window_extent()
        for name, pixels in (("wide", box.width), ("high", box.height)):
            if (size := pixels / figure.dpi / MM) < LEAST_AXES:
                yield f"axes would be {size:.0f} mm {name}; at least {LEAST_AXES:g} mm"
    sizes = [float(text.get_fontsize()) for text in drawn_texts(figure)]
    if sizes and min(sizes) < LEAST_LETTERS - 1e-9:
        yield f"text of {min(sizes):.3g} points; at least {LEAST_LETTERS:g}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"


def settle(figure: Figure) -> None:
    """End the layout: axes stay where it put them, to a millionth of the page.

    The solver adds in an order that differs from call to call, and names of clipping paths depend on every digit.
    """
    figure.set_layout_engine("none")
    for axes in figure.axes:
        original, active = (Bbox(np.round(axes.get_position(which).get_points(), 6)) for which in (True, False))
        axes.set_position(original, which="original")
        axes.set_position(active, which="active")
        axes.set_in_layout(True)  # which a position by hand ends
