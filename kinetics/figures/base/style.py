"""How figures look: colours that survive colour blindness and grey print, print sizes, fonts of the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

MM = 1 / 25.4
"""Inches in a millimetre."""
FONT_SIZE = 7.0
"""Of labels, points."""
_SMALL = 6.0
"""Of ticks and keys at that size: no text is smaller."""
COLOURS = {
    "blue": "#0A3296",
    "vermillion": "#CF5C00",
    "green": "#2A8050",
    "purple": "#752760",
    "orange": "#E8A324",
    "sky": "#5C9FD4",
    "black": "#000000",
}
"""Hues of Okabe and Ito (https://jfly.uni-koeln.de/color/), each of a lightness of its own: distinct in grey too."""
LINES = ("-", (0, (6, 1.8)), (0, (7, 1.6, 1.6, 1.6)), (0, (3.5, 1.4)), (0, (7, 1.6, 1.6, 1.6, 1.6, 1.6)))
MARKERS = ("o", "s", "^", "D", "v")
"""Line styles and markers of the curves of a panel, in order: what tells them apart without colour."""
DOTTED = (0, (1, 1.5))
"""Line style of limits."""
GREY = "#4D4D4D"
FAMILIES = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans")
"""What a reader's program may set the text of an SVG in. The layout is that of DejaVu Sans, the widest of them, which
matplotlib brings along: it is the same on every machine, and holds with the others."""

_SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.labelpad": 2.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "lines.linewidth": 1.1,
    "lines.dash_capstyle": "butt",
    "lines.scale_dashes": True,
    "hatch.linewidth": 0.4,
    "text.hinting": "none",  # hinted letters are narrower at 100 dpi, where the layout is made, than in print
    "figure.dpi": 100,
    "savefig.dpi": 300,
}
_FILES: dict[Any, Any] = {
    "text.usetex": False,
    "text.parse_math": False,  # a dollar sign of a file is a dollar sign
    "svg.fonttype": "none",
    "svg.hashsalt": "lymphokinetics",
    "pdf.fonttype": 42,
}
"""Of files, in any style: text stays text in an SVG, a PDF embeds its fonts, the same figure has the same bytes."""
_OWN: ContextVar[bool] = ContextVar("own_style", default=False)


@contextmanager
def style(font_size: float = FONT_SIZE, *, own: bool = False) -> Iterator[None]:
    """Draw within the house style, or the user's ``own`` settings of matplotlib; these are back afterwards.

    ``font_size``, in points, is that of labels in the house style; ticks and keys are a little smaller.
    """
    small_size = max(_SMALL * font_size / FONT_SIZE, 5.0)
    sizes: dict[Any, float] = dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), font_size)
    sizes |= dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), small_size)
    token = _OWN.set(own)
    try:
        with mpl.rc_context():
            if not own:
                mpl.rcdefaults()
                mpl.rcParams.update(_SETTINGS | sizes)
            mpl.rcParams.update(_FILES)
            yield
    finally:
        _OWN.reset(token)


def colour(index: int, name: str | None = None) -> str:
    """The colour of a name, or of a curve by its number: in a user's own style that of the user's cycle."""
    if _OWN.get():
        cycle = mpl.rcParams["axes.prop_cycle"].by_key().get("color") or list(COLOURS.values())
        return to_hex(cycle[(index if name is None else list(COLOURS).index(name)) % len(cycle)])
    return COLOURS[name] if name else list(COLOURS.values())[index % len(COLOURS)]


def line_width(points: float) -> float:
    """The width of a line that is so wide where others are 1.1 points."""
    return points * float(mpl.rcParams["lines.linewidth"]) / _SETTINGS["lines.linewidth"]


def curve_width(*, in_band: bool) -> float:
    """The width of a curve, points; in a band thinner, so that it hides no narrow side of it, unless it is a user's."""
    return float(mpl.rcParams["lines.linewidth"]) if _OWN.get() or not in_band else line_width(0.8)


def small() -> float:
    """The size of small text within `style`, points."""
    return FontProperties(size=mpl.rcParams["legend.fontsize"]).get_size_in_points()


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """The width of the longest line of a text of so many points within `style`, mm."""
    font = FontProperties(size=size, weight=weight)
    widths = (text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] for line in text.split("\n"))
    return max(widths) / 72 / MM


def scale() -> float:
    """How much larger text is within `style` than by default: rows of text grow as much."""
    return float(mpl.rcParams["font.size"]) / FONT_SIZE


def text_colour(colour: str) -> str:
    """A colour dark enough to read small text in: a contrast to white of at least 4.5 (WCAG 2.2, 1.4.3).

    Examples
    --------
    >>> text_colour("#0A3296")
    '#0a3296'
    """
    red, green, blue = to_rgb(colour)
    while contrast(to_hex((red, green, blue))) < 5.2:
        red, green, blue = 0.97 * red, 0.97 * green, 0.97 * blue
    return to_hex((red, green, blue))


def contrast(colour: str) -> float:
    """The contrast of a colour to white paper, 1 to 21, as WCAG 2.2 defines it."""
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
