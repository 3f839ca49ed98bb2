"""Boxes, arrows and labels of a schematic, in mm on axes that are as large as the page."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from kinetics.figures.base.page import Page, wrapped
from kinetics.figures.base.style import COLOURS, GREY, line_width, scale, small
from kinetics.figures.schematic.layout import Box

Point = tuple[float, float]
PORT = 5.0
"""Length of the arrow of a source, a loss or a dose, mm."""
TAG = 5.0
"""Size of the names of regulators, points, at the default size of text."""
_LINE = 2.05
"""Height of a line of them, mm."""


def canvas(page: Page, height: float) -> Axes:
    """Axes without lines that are about as large as the page, in mm."""
    figure = page.blank(height)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(0, page.width)
    axes.set_ylim(0, height)
    page.add_panel(axes, 1)
    return axes


def draw_box(axes: Axes, box: Box, text: str, colour: str, characters: int, gid: str, size: float) -> None:
    """A state, with its label in lines of so many characters."""
    corner = (box.x - box.width / 2, box.y - box.height / 2)
    patch = FancyBboxPatch(
        corner, box.width, box.height, boxstyle="round,pad=0,rounding_size=1.2", facecolor=colour, edgecolor="black",
        linewidth=line_width(0.7), zorder=3,
    )  # fmt: skip
    patch.set_gid(gid)
    axes.add_patch(patch)
    label = wrapped(text, characters, break_long_words=False)
    axes.text(box.x, box.y, label, ha="center", va="center", fontsize=size, zorder=4, linespacing=1.05)


def draw_arrow(axes: Axes, start: Point, end: Point, gid: str, **look: Any) -> None:
    """An arrow of a flow from point to point."""
    settings: dict[str, Any] = {
        "arrowstyle": "-|>", "mutation_scale": 5.5, "linewidth": line_width(0.9), "color": "black", "shrinkA": 0,
        "shrinkB": 0, "zorder": 2,
    }  # fmt: skip
    patch = FancyArrowPatch(start, end, **settings | look)
    patch.set_gid(gid)
    axes.add_patch(patch)


def draw_regulation(axes: Axes, start: Point, end: Point, gid: str, **look: Any) -> None:
    """A thin dashed arrow from what regulates."""
    dashed = {"linewidth": line_width(0.5), "linestyle": (0, (2.4, 1.6)), "color": GREY, "mutation_scale": 4.0}
    draw_arrow(axes, start, end, gid, **dashed | look)


def draw_tag(axes: Axes, at: Point, names: list[str], characters: int, **look: Any) -> None:
    """The names of what regulates a flow."""
    settings: dict[str, Any] = {"fontsize": tag_size(), "color": GREY, "linespacing": 1.0, "zorder": 5}
    axes.text(*at, "\n".join(tag_lines(names, characters)), **settings | look)


def tag_size() -> float:
    """The size of the names of regulators, points."""
    return max(TAG, min(TAG * scale(), small()))


def tag_lines(names: list[str], characters: int) -> list[str]:
    """Names one beneath the other, with commas between them, in lines of about so many characters."""
    listed = [f"{name}," for name in names[:-1]] + names[-1:]
    return [line for name in listed for line in wrapped(name, characters, break_long_words=False).split("\n")]


def tag_height(names: list[str], characters: int) -> float:
    """The height of names, mm."""
    return _LINE * scale() * len(tag_lines(names, characters)) if names else 0.0


STATE, DOSED = "#E9EFF7", "#FBE6D3"
"""Boxes of states, and of those that doses go into."""
DOSE = COLOURS["vermillion"]
