"""The schematic of a model: its states as boxes, its flows as arrows, its parts as groups."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import quantity_label
from kinetics.figures.base.layout import LayoutError
from kinetics.figures.base.page import Page
from kinetics.figures.base.style import GREY, line_width, small
from kinetics.figures.base.words import say
from kinetics.figures.schematic import arrows
from kinetics.figures.schematic.diagram import Diagram, Sizes
from kinetics.figures.schematic.flows import Flow, flows
from kinetics.figures.schematic.parts import Parts
from kinetics.figures.schematic.ports import ports_of
from kinetics.figures.schematic.spec import SchematicSpec, read_schematic
from kinetics.model import Model

_SHAPES = ((False, 30, 26, 19), (False, 24, 14, 16), (False, 20, 11, 13), (True, 20, 8, 13))
"""Upright or not, width of boxes and gap along layers in mm, characters in a line of a box: the first that has room."""
_EDGE = 2.0
"""White space around a diagram, mm."""


class Schematic(Kind[SchematicSpec]):
    """Compartments and flows of a model.

    A state has the gid ``state-STATE``, a flow ``flow-SOURCE-TARGET``, what only enters ``source-STATE`` or
    ``growth-STATE``, what only leaves ``loss-STATE``, a dose ``dose-DRUG``.
    """

    name = "schematic"
    load = staticmethod(read_schematic)

    @cached_property
    def flows(self) -> list[Flow]:
        """Of the model."""
        return flows(self.spec.model)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """The flows as a table: the states that each leaves and enters, by name."""
        ends = {"source": [flow.source or "" for flow in self.flows], "target": [f.target or "" for f in self.flows]}
        variables = {name: ("flow", values) for name, values in ends.items()}
        return xr.DataTree(xr.Dataset(variables, attrs=dict(self.required().attrs)))

    def required(self) -> Required:
        """Flows of the model."""
        return Required({"/": ("source", "target")}, {"figure": self.name, "model": self.spec.model.name})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """One diagram, or of a composite one for each part."""
        model = self.spec.model
        labels = {row.name: quantity_label(row) for row in (*model.states.values(), *model.inputs.values())}
        if len(model.aliases) > 1:
            Parts(model, self.flows, labels).draw(page)
        else:
            self._draw_alone(page, labels)
        self._explain(page, labels)

    def _draw_alone(self, page: Page, labels: dict[str, str]) -> None:
        diagram = _fitting(self.spec.model, self.flows, labels, page.width - 2 * _EDGE)
        width, height = diagram.size
        axes = arrows.canvas(page, height + 2 * _EDGE)
        diagram.draw(axes, (page.width - width) / 2, height + _EDGE)

    def _explain(self, page: Page, labels: dict[str, str]) -> None:
        model, shown = self.spec.model, self.flows
        page.add_key(Line2D([], [], color="black", linewidth=line_width(0.9)), say("flow"), say("flows_are"))
        if any(flow.regulators for flow in shown):
            dashed = Line2D([], [], color=GREY, linewidth=line_width(0.6), linestyle=(0, (2.4, 1.6)))
            page.add_key(dashed, say("regulation"), say("regulation_is"))
        if any(flow.is_growth for flow in shown):
            page.caption.add(say("growth_is"))
        if len(model.aliases) > 1:
            page.caption.add(say("parts_are"))
        if any(row.into in model.states for row in model.doses.values()):
            page.add_key(Patch(facecolor=arrows.DOSED, edgecolor="black", linewidth=0.5), say("dosed"), say("dosed_is"))
        for flow in shown:
            ends = [labels.get(each or "", "") for each in (flow.source, flow.target)]
            page.add_numbers({"panel": "", "series": " → ".join(ends).strip(), "kind": "flow"})


def _fitting(model: Model, found: Sequence[Flow], labels: dict[str, str], width: float) -> Diagram:
    """The diagram that has room, from left to right or else from top to bottom."""
    ports, names = ports_of(model, found, labels), list(model.states)
    shapes = (Sizes(box, 9.5, along, 9.0, arrows.PORT, letters, small()) for _, box, along, letters in _SHAPES)
    upright = (upright for upright, *_ in _SHAPES)
    diagrams = [Diagram(names, found, ports, labels, *shape) for shape in zip(shapes, upright, strict=True)]
    fitting = next((each for each in diagrams if each.size[0] <= width), None)
    if fitting is None:
        raise LayoutError(f"the states need {min(each.size[0] for each in diagrams) + 2 * _EDGE:.0f} mm")
    return fitting
