"""How figures look: colours that survive colour blindness, print sizes, fonts that the package brings along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb

MM = 1 / 25.4
"""Inches in a millimetre."""
FONT_SIZE = 7.5
"""Of titles and labels, points."""
_SMALL = 7.0
"""Of ticks, legends and notes at that size: no text is smaller."""
COLOURS = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
}
"""The palette of Okabe and Ito (https://jfly.uni-koeln.de/color/), without yellow, which is lost on white paper."""
LINES = ("-", (0, (6, 1.8)), (0, (7, 1.6, 1.6, 1.6)), (0, (3.5, 1.4)), (0, (7, 1.6, 1.6, 1.6, 1.6, 1.6)))
MARKERS = ("o", "s", "^", "D", "v")
"""Line styles and markers of the curves of a panel, in order: what tells them apart in grey."""
DOTTED = (0, (1, 1.5))
"""Line style of limits."""
GREY = "#4D4D4D"

_SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.2,
    "lines.dash_capstyle": "butt",
    "lines.scale_dashes": True,
    "hatch.linewidth": 0.4,
    "text.usetex": False,
    "text.parse_math": False,  # a dollar sign of a file is a dollar sign
    "svg.fonttype": "none",
    "svg.hashsalt": "lymphokinetics",
    "pdf.fonttype": 42,
    "figure.dpi": 100,
    "savefig.dpi": 300,
}


@contextmanager
def style(font_size: float = FONT_SIZE) -> Iterator[None]:
    """Draw within the house style, whatever the user's own settings; they are back afterwards.

    ``font_size``, in points, is that of titles and labels; ticks, legends and notes are a little smaller.
    """
    small_size = _SMALL * font_size / FONT_SIZE
    sizes: dict[Any, float] = dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), font_size)
    sizes |= dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), small_size)
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS | sizes)
        yield


def small() -> float:
    """The size of small text within `style`, points."""
    return float(mpl.rcParams["legend.fontsize"])


def scale() -> float:
    """How much larger text is within `style` than by default: rows of text grow as much."""
    return float(mpl.rcParams["font.size"]) / FONT_SIZE


def text_colour(colour: str) -> str:
    """A colour dark enough to read small text in.

    Examples
    --------
    >>> text_colour("#E69F00")
    '#966700'
    """
    red, green, blue = to_rgb(colour)
    return to_hex((0.65 * red, 0.65 * green, 0.65 * blue))
