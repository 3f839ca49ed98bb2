"""The map: a number of a treatment over two settings, as colour and as figures in the cells or on contours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from kinetics.figures.base.kind import Kind
from kinetics.figures.base.labels import panel_letter, unit_label
from kinetics.figures.base.legend import Entry, courses_text
from kinetics.figures.base.of_fit import check_groups
from kinetics.figures.base.page import add_title_and_legend, blank_page
from kinetics.figures.map.compute import load_map
from kinetics.figures.map.grid import WITHOUT, map_grid
from kinetics.figures.map.panel import MISSING, MapPanel, cell_text, sample
from kinetics.figures.map.spec import MapSpec
from kinetics.units import display_unit, parse_unit

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

__all__ = ["Map"]

_AROUND = 31.0
"""Width of a panel's labels and colour bar, mm."""
_PANEL = 58.0
"""Height of a panel without its labels, mm, if the file gives none."""


class Map(Kind[MapSpec]):
    """A figure of kind ``map``.

    Parameters
    ----------
    spec : MapSpec
        The checked figure file.
    """

    from_estimates = False
    load = staticmethod(load_map)

    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """Simulate every pair of settings; committed estimates are those of the cohort."""
        return xr.DataTree(map_grid(self.spec, progress))

    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows.

        Raises
        ------
        InputError
            With everything that does not fit.
        """
        attrs = {
            "figure": "map",
            "model_hash": self.spec.model.content_hash,
            "regimen_hash": self.spec.regimen.content_hash,
            "cohort": self.spec.header.cohort,
        }
        names = [f"{row.output}_{reading.name}" for row, reading in self.spec.maps]
        names += [
            f"{row.output}_{reading.name}_{WITHOUT}"
            for row, reading in self.spec.maps
            if row.difference or self.spec.without_rules
        ]
        check_groups(tree, {"/": (*names, "doses", "capped")}, attrs, source)

    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw a map, within `kinetics.figures.base.style.style`.

        Returns
        -------
        matplotlib.figure.Figure
            The cells of a panel have the gid ``map-OUTPUT-READING``, marked settings ``point-NUMBER``, from 1.
        """
        found, page, count = tree.to_dataset(), self.spec.page, len(self.spec.maps)
        columns = page.columns or min(2, count)
        lines = -(-count // columns)
        height = page.height or lines * (_PANEL + 15) + 26 + 4 * len(self.spec.points)
        figure = blank_page(page.width, height)
        grid = figure.subplots(lines, columns, squeeze=False)
        size = page.width / columns - _AROUND, (height - 26) / lines - 15
        for index, axes in enumerate(grid.flat):
            if index >= count:
                axes.remove()
                continue
            letter = panel_letter(index, count)
            MapPanel(self.spec, figure, axes, size).draw(found, *self.spec.maps[index], letter)
        add_title_and_legend(figure, self.spec.header.title, self._entries(found), self.spec.header.note)
        return figure

    def _entries(self, found: xr.Dataset) -> list[Entry]:
        header, regimen = self.spec.header, self.spec.regimen
        entries: list[Entry] = [(sample(point, index), point.label) for index, point in enumerate(self.spec.points)]
        whose = f"model: typical patient{f', cohort {header.cohort}' if header.cohort else ''}, {header.until}"
        given = "; ".join([courses_text(regimen, display_unit(parse_unit(header.unit))), *map(str, regimen.rules)])
        if self.spec.without_rules:
            entries.append((Patch(alpha=0), f"without the rules: {', '.join(self._without(found))}"))
        entries.append((Patch(alpha=0), f"{whose}; {regimen.name}: {given}; what the axes name is varied"))
        if any(row.difference for row, _ in self.spec.maps):
            entries.append((Patch(alpha=0), "change by the rules: with them less without them, all else the same"))
        names = [f"{row.output}_{reading.name}" for row, reading in self.spec.maps]
        if not all(np.isfinite(found[name].values).all() for name in names):
            entries.append((Rectangle((0, 0), 1, 1, facecolor=MISSING), "no such number: level never left or reached"))
        if capped := int(found["capped"].values.sum()):
            told = f"in {capped} of {found['capped'].size} cells a rule would act again but for its cap"
            entries.append((Patch(alpha=0), told))
        return entries

    def _without(self, found: xr.Dataset) -> Iterator[str]:
        """What each panel would show without the rules."""
        for row, reading in self.spec.maps:
            values = found[f"{row.output}_{reading.name}_{WITHOUT}"]
            unit = "% of baseline" if reading.percent else unit_label(values.attrs["units"])
            yield " ".join(filter(None, (self.spec.label(row), cell_text(float(values[0, 0])), unit)))
