"""The map: a number of a treatment over two settings, as colour and as figures in the cells or on contours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.legend import Entry, regimen_text, text_entry, typical_patient
from kinetics.figures.base.page import add_title_and_legend
from kinetics.figures.base.panels import panel_grid
from kinetics.figures.base.style import MM, scale
from kinetics.figures.map.compute import map_grid
from kinetics.figures.map.panel import MISSING, MapPanel, cell_text, legend_handle
from kinetics.figures.map.spec import MapSpec, read_map
from kinetics.units import display_unit, parse_unit

__all__ = ["Map"]

_AROUND = 31.0
"""Width of a panel's labels and colour bar, mm."""
_PANEL, _LABELS = 58.0, 15.0
"""Height of a panel if the file gives none, and of its labels, mm."""
_REST = 26.0
"""Height of what stands around all panels, mm."""


class Map(Kind[MapSpec]):
    """A number over two settings of a regimen.

    The cells of a panel have the gid ``map-OUTPUT-READING``, marked settings ``point-NUMBER``, from 1.
    """

    name = "map"
    load = staticmethod(read_map)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate every pair of settings; committed estimates are those of the cohort."""
        return xr.DataTree(map_grid(self.spec, inputs.progress))

    def required(self) -> Required:
        """The numbers of each pair, of the model, the regimen and the cohort."""
        spec = self.spec
        attrs = {
            "figure": self.name,
            "model_hash": spec.model.content_hash,
            "regimen_hash": spec.regimen.content_hash,
            "cohort": spec.header.cohort,
        }
        names = [number.name for number in spec.maps]
        names += [number.name_without_rules for number in spec.maps if spec.needs_without_rules(number)]
        return Required({"/": (*names, "doses", "capped")}, attrs)

    def picture(self, tree: xr.DataTree) -> Figure:
        """A panel a number."""
        data, spec = tree.to_dataset(), self.spec
        marks = 4 * len(spec.points)
        grid = panel_grid(spec.page, len(spec.maps), lambda rows: rows * (_PANEL + _LABELS) + _REST + marks)
        width, height = grid.figure.get_size_inches() / MM
        size = width / grid.columns - scale() * _AROUND, (height - scale() * _REST) / grid.rows - scale() * _LABELS
        for panel, number in zip(grid.panels, spec.maps, strict=True):
            MapPanel(spec, number, grid.figure, panel.axes, size).draw(data, panel.letter)
        add_title_and_legend(grid.figure, spec.header, self._entries(data))
        return grid.figure

    def _entries(self, data: xr.Dataset) -> list[Entry]:
        spec, header, regimen = self.spec, self.spec.header, self.spec.regimen
        entries: list[Entry] = [(legend_handle(point, index), point.label) for index, point in enumerate(spec.points)]
        if spec.shows_without_rules:
            entries.append(text_entry(f"without the rules: {', '.join(self._values_without_rules(data))}"))
        doses = f"{regimen.name}: {regimen_text(regimen, display_unit(parse_unit(header.unit)))}"
        whose = f"model: {typical_patient(header.cohort)}, {header.until}"
        entries.append(text_entry(f"{whose}; {doses}; what the axes name is varied"))
        if any(number.row.difference for number in spec.maps):
            entries.append(text_entry("change by the rules: with them less without them, all else the same"))
        if not all(np.isfinite(data[number.name].values).all() for number in spec.maps):
            entries.append((Rectangle((0, 0), 1, 1, facecolor=MISSING), "no such number: level never left or reached"))
        if capped := int(data["capped"].values.sum()):
            text = f"in {capped} of {data['capped'].size} cells a rule would act again but for its cap"
            entries.append(text_entry(text))
        return entries

    def _values_without_rules(self, data: xr.Dataset) -> Iterator[str]:
        """What each panel would show without the rules."""
        for number in self.spec.maps:
            values = data[number.name_without_rules]
            value, unit = cell_text(float(values[0, 0])), number.shown_unit(values.attrs["units"])
            yield " ".join(filter(None, (self.spec.label(number.row), value, unit)))
