"""The parts of a composite model side by side, each a diagram in a frame, with what regulates it and what leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from kinetics.figures.base.page import Page
from kinetics.figures.base.style import GREY, line_width, small
from kinetics.figures.base.words import shown_label
from kinetics.figures.schematic import arrows
from kinetics.figures.schematic.diagram import Diagram, Sizes
from kinetics.figures.schematic.flows import Flow
from kinetics.figures.schematic.layout import Box
from kinetics.figures.schematic.ports import ports_of
from kinetics.model import Model
from kinetics.model.timing.clock import is_clock

_PAD, _HEAD, _GAP = 2.0, 4.5, 4.0
"""Within a frame, for its heading, and between frames, mm."""
_SIZES = Sizes(19.0, 7.6, 5.5, 5.0, 3.2, 16, 5.0, tags=False)
_FOOT = 2.6


@dataclass(frozen=True, eq=False)
class Parts:
    """A composite while it is drawn."""

    model: Model
    flows: Sequence[Flow]
    labels: Mapping[str, str]

    def draw(self, page: Page) -> None:
        """Frames in rows, each as wide as the page allows."""
        rows = self._rows(page.width - _GAP)
        height = sum(max(self._height(part) for part in row) + _GAP for row in rows)
        axes = arrows.canvas(page, height + 1)
        boxes: dict[str, Box] = {}
        top = height
        for row in rows:
            left = _GAP / 2
            for part in row:
                boxes |= self._draw_part(axes, part, left, top)
                left += self._width(part) + _GAP
            top -= max(self._height(part) for part in row) + _GAP
        self._draw_between(axes, boxes)

    @cached_property
    def diagrams(self) -> dict[str, Diagram]:
        """The diagram of each part; states of the composite itself are a part without a name."""
        states: dict[str, list[str]] = {}
        for name, row in self.model.states.items():
            if is_clock(row):
                continue
            states.setdefault(self.part_of(name), []).append(name)
        ports = ports_of(self.model, self.flows, self.labels)
        return {
            part: Diagram(names, [flow for flow in self.flows if self._is_of(flow, part)], ports, self.labels, _SIZES)
            for part, names in states.items()
        }

    def part_of(self, name: str) -> str:
        """The part that a state or an input is of; of nested parts the outermost."""
        owners = [alias for alias in self.model.aliases if name.startswith(f"{alias}_")]
        return max(owners, key=len, default="")

    def _is_of(self, flow: Flow, part: str) -> bool:
        return any(self.part_of(end) == part for end in (flow.source, flow.target) if end is not None)

    def _regulators(self, part: str) -> list[str]:
        """The labels of the other parts that regulate one, and of inputs."""
        own = [flow for flow in self.flows if self.part_of(flow.target or flow.source or "") == part]
        names = dict.fromkeys(name for flow in own for name in flow.regulators)
        owners = dict.fromkeys(self.part_of(name) or name for name in names)
        order = [*self.model.aliases, *owners]
        return [self._label(each) for each in sorted(owners.keys() - {part}, key=order.index)]

    def _label(self, part: str) -> str:
        return shown_label(part, self.labels.get(part) or part.replace("_", " "))

    def _foot(self, part: str) -> list[str]:
        names = self._regulators(part)
        return arrows.tag_lines([", ".join(names)], int(max(self._inner(part) - 3.0, 8) / 0.98)) if names else []

    def _inner(self, part: str) -> float:
        return max(self.diagrams[part].size[0], 1.25 * len(self._label(part)))

    def _width(self, part: str) -> float:
        return self._inner(part) + 2 * _PAD

    def _height(self, part: str) -> float:
        foot = self._foot(part)
        return self.diagrams[part].size[1] + _HEAD + _PAD + (_FOOT * len(foot) + 1.5 if foot else 0)

    def _rows(self, width: float) -> list[list[str]]:
        """Parts in rows, each in the first that has room; parts with a flow from one to the other stay together."""
        rows: list[list[str]] = []
        for parts in self._together():
            needed = sum(self._width(part) + _GAP for part in parts)
            fits = (row for row in rows if sum(self._width(part) + _GAP for part in row) + needed <= width + _GAP)
            row = next(fits, None)
            if row is None:
                rows.append(row := [])
            row += parts
        return rows

    def _together(self) -> list[list[str]]:
        groups = [[part] for part in self.diagrams]
        for flow in self.flows:
            if flow.source is not None and flow.target is not None:
                one, other = (self.part_of(end) for end in (flow.source, flow.target))
                first, second = (next(group for group in groups if part in group) for part in (one, other))
                if first is not second:
                    first += second
                    groups.remove(second)
        return groups

    def _draw_part(self, axes: Axes, part: str, left: float, top: float) -> dict[str, Box]:
        diagram, foot = self.diagrams[part], self._foot(part)
        height = diagram.size[1] + _HEAD + _PAD
        frame = FancyBboxPatch(
            (left, top - height), self._width(part), height, boxstyle="round,pad=0,rounding_size=1.5",
            facecolor="#FAFAFA", edgecolor="#9A9A9A", linewidth=line_width(0.5), zorder=0,
        )  # fmt: skip
        frame.set_gid(f"part-{part}")
        axes.add_patch(frame)
        axes.text(left + _PAD, top - 1.2, self._label(part), fontsize=small(), fontweight="bold", va="top")
        if foot:
            arrows.draw_regulation(axes, (left + 2, top - height - 4.2), (left + 2, top - height), f"regulation-{part}")
            at = (left + 3.6, top - height - 1.2)
            axes.text(*at, "\n".join(foot), fontsize=arrows.tag_size(), color=GREY, va="top", linespacing=1.0)
        return diagram.draw(axes, left + (self._width(part) - diagram.size[0]) / 2, top - _HEAD)

    def _draw_between(self, axes: Axes, boxes: Mapping[str, Box]) -> None:
        """Flows from one part to another."""
        for flow in self.flows:
            if flow.source is None or flow.target is None or self.part_of(flow.source) == self.part_of(flow.target):
                continue
            source, target = boxes[flow.source], boxes[flow.target]
            sign = 1 if target.x > source.x else -1
            start = (source.x + sign * source.width / 2, source.y)
            end = (target.x - sign * target.width / 2, target.y)
            arrows.draw_arrow(axes, start, end, f"flow-{flow.source}-{flow.target}", zorder=2.5)
