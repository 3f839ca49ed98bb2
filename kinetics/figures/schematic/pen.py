"""Arrows at the edges of a box: what enters and leaves it from outside, and where flows to other boxes end."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from kinetics.figures.schematic import arrows
from kinetics.figures.schematic.arrows import Point
from kinetics.figures.schematic.layout import Box


@dataclass(frozen=True, eq=False)
class PortPen:
    """Draws what enters or leaves at a point of an edge; ``out`` is the direction away from the box."""

    axes: Axes
    edge: Point
    out: Point

    def draw(self, kind: str, gid: str, names: list[str], length: float, characters: int) -> None:
        """The arrow, and the names of what regulates it, or of the dose."""
        far = self._at(length)
        if kind == "growth":
            rad = "-1.5" if self.out in ((0.0, 1.0), (-1.0, 0.0)) else "1.5"
            ends = (self._at(0, -1.3), self._at(0, 1.3))
            arrows.draw_arrow(self.axes, *ends, gid, connectionstyle=f"arc3,rad={rad}", mutation_scale=4.5)
        elif kind == "dose":
            arrows.draw_arrow(self.axes, far, self.edge, gid, color=arrows.DOSE, linewidth=1.6)
        else:
            ends = (self.edge, far) if kind == "loss" else (far, self.edge)
            arrows.draw_arrow(self.axes, *ends, gid)
        if not names:
            return
        colour = {"color": "black"} if kind == "dose" else {}
        anchor = {(0, 1): ("center", "bottom"), (0, -1): ("center", "top"), (1, 0): ("left", "center")}
        ha, va = anchor.get((int(self.out[0]), int(self.out[1])), ("right", "center"))
        arrows.draw_tag(self.axes, self._at(length + 0.9), names, characters, ha=ha, va=va, **colour)
        if kind in ("source", "loss"):
            start, end = self._at(length + 0.6, 2.0), self._at(0.45 * length, 0.25)
            arrows.draw_regulation(self.axes, start, end, f"regulation-{gid}")
        elif kind == "growth":
            arrows.draw_regulation(self.axes, self._at(length + 0.7), self._at(0.4 * length), f"regulation-{gid}")

    def _at(self, outward: float, aside: float = 0.0) -> Point:
        (x, y), (dx, dy) = self.edge, self.out
        return x + outward * dx + aside * abs(dy), y + outward * dy + aside * abs(dx)


def straight_ends(source: Box, target: Box, *, level: bool) -> tuple[Point, Point]:
    """Where a straight arrow leaves one box and enters another: at their sides, or at top and bottom."""
    if level:
        sign = 1 if target.x > source.x else -1
        return (source.x + sign * source.width / 2, source.y), (target.x - sign * target.width / 2, target.y)
    sign = 1 if target.y > source.y else -1
    return (source.x, source.y + sign * source.height / 2), (target.x, target.y - sign * target.height / 2)
