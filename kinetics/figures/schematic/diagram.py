"""The states of one model, or of one part of a composite, with their flows: sizes, places, arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matplotlib.axes import Axes

from kinetics.figures.schematic import arrows
from kinetics.figures.schematic.flows import Flow
from kinetics.figures.schematic.layout import Box, Places, place
from kinetics.figures.schematic.pen import PortPen, straight_ends
from kinetics.figures.schematic.ports import Port

Point = tuple[float, float]


@dataclass(frozen=True)
class Sizes:
    """Of boxes and gaps, mm; ``along`` lies between layers, ``across`` between places of a layer."""

    width: float
    height: float
    along: float
    across: float
    port: float
    characters: int
    font_size: float
    tags: bool = True


@dataclass(frozen=True, eq=False)
class Diagram:
    """States in layers from left to right, or ``upright`` from top to bottom.

    ``labels`` are those of states and inputs, ``ports`` what enters and leaves each state from outside, ``flows`` those
    between the states.
    """

    names: Sequence[str]
    flows: Sequence[Flow]
    ports: Mapping[str, Sequence[Port]]
    labels: Mapping[str, str]
    sizes: Sizes
    upright: bool = False

    @cached_property
    def places(self) -> Places:
        """Layer and place in the layer of each state."""
        return place(self.names, self.flows)

    @cached_property
    def last(self) -> dict[int, int]:
        """The last place of each layer."""
        last: dict[int, int] = {}
        for layer, row in self.places.values():
            last[layer] = max(last.get(layer, 0), row)
        return last

    @cached_property
    def box(self) -> tuple[float, float]:
        """Width and height of a box: upright, as high as the names beside it need."""
        sizes = self.sizes
        if not self.upright:
            return sizes.width, sizes.height
        sides = [self._on_side(name, side) for name in self.names for side in ("first", "last")]
        return sizes.width, max([sizes.height, *(sum(map(self._room, ports)) for ports in sides)])

    @cached_property
    def margins(self) -> tuple[float, float]:
        """Before the first and behind the last place, mm: what ports need."""
        return self._margin("first"), self._margin("last")

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Before the first and behind the last layer, mm: what ports between layers need."""
        return self._end("before", 0), self._end("after", max(self.last))

    def _end(self, side: str, layer: int) -> float:
        own = [port for name in self.names if self.places[name][0] == layer for port in self._on_side(name, side)]
        return self.sizes.port + (12.0 if any(map(self._names, own)) else 1.0) if own else 0.0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height with margins, mm."""
        sizes, layers, rows = self.sizes, max(self.last) + 1, max(self.last.values()) + 1
        (width, height), ends, sides = self.box, sum(self.ends), sum(self.margins)
        if self.upright:
            along = layers * height + (layers - 1) * sizes.along + ends
            return rows * width + (rows - 1) * sizes.across + sides, along
        along = layers * width + (layers - 1) * sizes.along + ends
        return along, rows * height + (rows - 1) * sizes.across + sides

    def boxes(self, left: float, top: float) -> dict[str, Box]:
        """Where each state stands, if the upper left corner is there."""
        (width, height), before, start = self.box, self.margins[0], self.ends[0]
        found: dict[str, Box] = {}
        for name, (layer, row) in self.places.items():
            if self.upright:
                x, y = before + row * (width + self.sizes.across), start + layer * (height + self.sizes.along)
            else:
                x, y = start + layer * (width + self.sizes.along), before + row * (height + self.sizes.across)
            found[name] = Box(left + x + width / 2, top - y - height / 2, width, height)
        return found

    def side(self, name: str, port: Port) -> str:
        """Where a port is: before the first place, behind the last, or between layers."""
        layer, row = self.places[name]
        if self.last[layer] == 0:
            return "last" if port.kind == "loss" else "first"
        if row in (0, self.last[layer]):
            return "first" if row == 0 else "last"
        return "after" if port.kind == "loss" else "before"

    def _on_side(self, name: str, side: str) -> list[Port]:
        return [port for port in self.ports.get(name, ()) if self.side(name, port) == side]

    @property
    def characters(self) -> int:
        """Of a line of names beside a port."""
        return 11 if self.upright else 10

    def _room(self, port: Port) -> float:
        """Of a port along an upright edge, mm."""
        return max(3.6, arrows.tag_height(self._names(port), self.characters) + 1.0)

    def _names(self, port: Port) -> list[str]:
        return list(port.names) if self.sizes.tags or port.kind == "dose" else []

    def _margin(self, side: str) -> float:
        return max([0.5, *(self._needed(name, side) for name in self.names if self._on_side(name, side))])

    def _needed(self, name: str, side: str) -> float:
        """By the ports of a state, mm, less the room of places behind it that its layer does not have."""
        names = [self._names(port) for port in self._on_side(name, side)]
        behind = max(self.last.values()) - self.places[name][1] if side == "last" else 0
        size = self.box[0] if self.upright else self.box[1]
        if self.upright:
            longest = max((len(line) for own in names for line in arrows.tag_lines(own, self.characters)), default=0)
            length = 1.12 * longest
        else:
            length = max(arrows.tag_height(own, self.characters) for own in names)
        return self.sizes.port + 1.5 + length - behind * (size + self.sizes.across)

    def draw(self, axes: Axes, left: float, top: float) -> dict[str, Box]:
        """Boxes, flows between them, and ports."""
        boxes = self.boxes(left, top)
        for name, box in boxes.items():
            dosed = any(port.kind == "dose" for port in self.ports.get(name, ()))
            colour = arrows.DOSED if dosed else arrows.STATE
            text, sizes = self.labels[name], self.sizes
            arrows.draw_box(axes, box, text, colour, sizes.characters, f"state-{name}", sizes.font_size)
            for side in ("first", "last", "before", "after"):
                self._draw_side(axes, box, name, side)
        for flow in self.flows:
            if flow.source in boxes and flow.target in boxes:
                self._draw_flow(axes, boxes, flow)
            if not self.sizes.tags:
                self._draw_regulation(axes, boxes, flow)
        return boxes

    def _draw_regulation(self, axes: Axes, boxes: Mapping[str, Box], flow: Flow) -> None:
        """From states of the layer before, where no names say it."""
        state = flow.target or flow.source or ""
        for name in flow.regulators:
            if name in boxes and state in boxes and self.places[name][0] + 1 == self.places[state][0]:
                ends = straight_ends(boxes[name], boxes[state], level=not self.upright)
                arrows.draw_regulation(axes, *ends, f"regulation-{name}-{state}")

    def _draw_side(self, axes: Axes, box: Box, name: str, side: str) -> None:
        ports = self._on_side(name, side)
        level = (side in ("first", "last")) == self.upright
        sign = 1.0 if side in (("last", "after") if level else ("first", "before")) else -1.0
        rooms = [self._room(port) if level else (box.width - 3) / len(ports) for port in ports]
        at = sum(rooms) / 2
        for port, room in zip(ports, rooms, strict=True):
            at -= room / 2
            edge = (box.x + sign * box.width / 2, box.y + at) if level else (box.x - at, box.y + sign * box.height / 2)
            pen = PortPen(axes, edge, (sign, 0.0) if level else (0.0, sign))
            pen.draw(port.kind, port.gid, self._names(port), self.sizes.port, self.characters)
            at -= room / 2

    def _draw_flow(self, axes: Axes, boxes: Mapping[str, Box], flow: Flow) -> None:
        source, target = str(flow.source), str(flow.target)
        back = any(other.source == target and other.target == source for other in self.flows)
        if back and self.names.index(source) > self.names.index(target):
            return
        (layer, row), (to_layer, to_row) = self.places[source], self.places[target]
        across = layer == to_layer
        start, end = straight_ends(boxes[source], boxes[target], level=across == self.upright)
        look: dict[str, object] = {"arrowstyle": "<|-|>"} if back else {}
        if abs(to_row - row) > 1 and across:
            look["connectionstyle"] = "arc3,rad=0.4"
        arrows.draw_arrow(axes, start, end, f"flow-{source}-{target}", **look)
        names = [self.labels[name] for name in flow.regulators]
        if names and self.sizes.tags:
            self._draw_flow_tag(axes, start, end, names, f"regulation-{source}-{target}")

    def _draw_flow_tag(self, axes: Axes, start: Point, end: Point, names: list[str], gid: str) -> None:
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        if abs(end[0] - start[0]) > abs(end[1] - start[1]):
            arrows.draw_regulation(axes, (x, y + 3.2), (x, y + 0.2), gid)
            arrows.draw_tag(axes, (x, y + 3.4), names, max(int(0.8 * self.sizes.along), 6), ha="center", va="bottom")
        else:
            arrows.draw_regulation(axes, (x - 3.4, y), (x - 0.2, y), gid)
            arrows.draw_tag(axes, (x - 3.8, y), names, 15, ha="right", va="center")
