"""The map: a number of a treatment over two settings, as colour and as figures in the cells or on contours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import cohort_label, quantity_text, short_number, unit_label
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import set_heading, with_unit
from kinetics.figures.base.style import MARKERS, MM, line_width, scale, small
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.map.compute import map_grid
from kinetics.figures.map.spec import AxisRow, MappedNumber, MapSpec, PointRow, read_map
from kinetics.figures.treatments import regimen_label, regimen_text

_AROUND = 31.0
"""Width of a panel's labels and colour bar, mm."""
_PANEL, _LABELS = 58.0, 15.0
"""Height of a panel if the file gives none, and of its labels, mm."""
_COLOURS = colormaps["cividis"]
"""Perceptually uniform, and the same to colour-blind eyes (doi:10.1371/journal.pone.0199239)."""
_DIGIT_WIDTH, _CELL_HEIGHT = 1.45, 3.8
"""What a number takes in a cell, mm; where the cells are smaller there are contours."""
_MISSING = "#D9D9D9"
"""Colour of a cell without a number."""
_SAME = 1e-6
"""Relative difference of numbers that are equal but for rounding."""
_BOX: dict[str, Any] = {"facecolor": "none", "edgecolor": "#D55E00", "linewidth": 1.6}
"""About a range of settings."""


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

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel a number that differs between cells; what is the same in all is said in the caption."""
        data, spec = tree.to_dataset(), self.spec
        shown = [number for number in spec.maps if not _is_same(self._shown(data, number))] or spec.maps[:1]
        columns = page.columns_for(len(shown), least=70)
        panels = page.grid(len(shown), lambda rows: rows * (_PANEL + _LABELS), columns)
        width, height = page.figure.get_size_inches() / MM
        size = width / columns - scale() * _AROUND, height / page.rows - scale() * _LABELS
        for panel, number in zip(panels, shown, strict=True):
            _Panel(spec, number, panel.axes, size).draw(self._shown(data, number), data, panel.letter, page)
        self._explain(data, page, [number for number in spec.maps if number not in shown])

    def _shown(self, data: xr.Dataset, number: MappedNumber) -> np.ma.MaskedArray[Any, Any]:
        """What is coloured, (y, x): a number, or its change by the rules."""
        values = data[number.name].values
        return np.ma.masked_invalid(values - (data[number.name_without_rules].values if number.row.difference else 0.0))

    def _explain(self, data: xr.Dataset, page: Page, same: Sequence[MappedNumber]) -> None:
        spec, header = self.spec, self.spec.header
        for index, point in enumerate(spec.points):
            page.add_key(_legend_handle(point, index), shown_label(point.label).split(":")[0], shown_label(point.label))
        for number in same:
            value = " ".join(filter(None, (_cell_text(float(self._shown(data, number)[0, 0])), _unit(data, number))))
            page.caption.add(say("same_everywhere", what=shown_label(number.row.label), value=value))
        if spec.shows_without_rules:
            page.caption.add(say("without_rules", what="; ".join(self._values_without_rules(data))))
        cohort = say("of_cohort", cohort=cohort_label(spec.model, header.cohort)) if header.cohort else ""
        page.caption.add(say("map_is", until=quantity_text(header.until), cohort=cohort))
        doses = regimen_text(spec.regimen, header.unit, spec.model)
        page.caption.add(f"{regimen_label(spec.regimen)}: {doses}; {say('axes_vary')}")
        if any(number.row.difference for number in spec.maps):
            page.caption.add(say("change_is"))
        if not all(np.isfinite(data[number.name].values).all() for number in spec.maps):
            page.add_key(Rectangle((0, 0), 1, 1, facecolor=_MISSING), say("no_number"), say("no_number_meaning"))
        if capped := int(data["capped"].values.sum()):
            page.caption.add(say("capped", n=capped, all=data["capped"].size))
        if labels := [shown_label(number.row.label) for number in spec.maps if spec.is_exploratory(number.row)]:
            page.caption.add(say("exploratory", what=", ".join(labels)))

    def _values_without_rules(self, data: xr.Dataset) -> Iterator[str]:
        """What each panel would show without the rules."""
        for number in self.spec.maps:
            value = _cell_text(float(data[number.name_without_rules][0, 0]))
            yield " ".join(filter(None, (shown_label(number.row.label), value, _unit(data, number))))


def _is_same(shown: np.ma.MaskedArray[Any, Any]) -> bool:
    """Whether all cells have one number, but for rounding."""
    return bool(shown.count() == shown.size and float(shown.max() - shown.min()) <= _SAME * abs(float(shown.max())))


def _unit(data: xr.Dataset, number: MappedNumber) -> str:
    return number.shown_unit(data[number.name].attrs["units"])


class _Panel:
    """A panel under construction; ``size`` is the width and height of its cells together, about, in mm."""

    def __init__(self, spec: MapSpec, number: MappedNumber, axes: Axes, size: tuple[float, float]) -> None:
        self.spec, self.number, self.axes, self.size = spec, number, axes, size

    def draw(self, shown: np.ma.MaskedArray[Any, Any], data: xr.Dataset, letter: str, page: Page) -> None:
        """Draw the number, with its colour bar."""
        number, row, unit = self.number, self.number.row, _unit(data, self.number)
        self.axes.set_facecolor(_MISSING)
        edges = [np.arange(count + 1) - 0.5 for count in (shown.shape[1], shown.shape[0])]
        look: dict[str, Any] = {"edgecolors": "white", "linewidth": line_width(0.3)}
        mesh = self.axes.pcolormesh(*edges, shown, cmap=_COLOURS, norm=_colour_scale(shown), **look)
        mesh.set_gid(f"map-{row.output}-{number.reading.name}")
        texts = np.vectorize(_cell_text, otypes=[object])(shown.filled(np.nan))
        widest = scale() * _DIGIT_WIDTH * max(map(len, texts.flat)) + 0.8
        if self.size[0] / shown.shape[1] < widest or self.size[1] / shown.shape[0] < scale() * _CELL_HEIGHT:
            self._draw_contours(shown)
        else:
            self._draw_numbers(shown, texts)
        self._draw_points()
        bar = page.figure.colorbar(mesh, ax=self.axes, pad=0.02, aspect=25)
        bar.set_label(with_unit(say("change"), unit) if row.difference else unit or say("ratio"))
        bar.outline.set_linewidth(0.4)
        set_heading(self.axes, letter, shown_label(row.label))
        self._set_axes()
        self._add_numbers(page, shown, letter, unit)

    def _add_numbers(self, page: Page, shown: np.ma.MaskedArray[Any, Any], letter: str, unit: str) -> None:
        x, y = (self.spec.axes[key] for key in ("x", "y"))
        common = {"panel": letter, "series": shown_label(self.number.row.label), "kind": "map", "unit": unit}
        for (j, i), value in np.ndenumerate(shown.filled(np.nan)):
            page.add_numbers(
                common | {"x": x.values[i], "y": y.values[j], "value": float(value), "x_unit": _axis_unit(x)}
            )
        for point in self.spec.points:
            (left, right), (low, high) = point.ends("x"), point.ends("y")
            place = {"x": (left + right) / 2, "x_lower": left, "x_upper": right, "x_unit": _axis_unit(x)}
            place |= {"y": (low + high) / 2, "lower": low, "upper": high, "unit": _axis_unit(y)}
            page.add_numbers({"panel": letter, "series": shown_label(point.label), "kind": "point", **place})

    def _set_axes(self) -> None:
        for drawn, axis in ((self.axes.xaxis, self.spec.axes["x"]), (self.axes.yaxis, self.spec.axes["y"])):
            every = max(1, -(-len(axis.values) // 8))
            drawn.set_ticks(np.arange(len(axis.values))[::every], [f"{value:g}" for value in axis.values[::every]])
            drawn.set_label_text(with_unit(shown_label(axis.label), _axis_unit(axis)))
        for side in ("left", "bottom"):
            self.axes.spines[side].set_visible(False)

    def _draw_numbers(self, shown: np.ma.MaskedArray[Any, Any], texts: np.ndarray) -> None:
        """The number of each cell, in black or white; a little higher where a setting is marked."""
        spans = [[self._cells(point, key) for key in ("y", "x")] for point in self.spec.points]
        marked = {(round(y[0]), round(x[0])) for y, x in spans if y[0] == y[1] and x[0] == x[1]}
        colour_scale = _colour_scale(shown)
        for j, i in np.ndindex(shown.shape):
            masked = bool(np.ma.getmaskarray(shown)[j, i])
            dark = not masked and float(colour_scale(float(shown[j, i]))) < 0.45
            look = {"fontsize": small(), "color": "white" if dark else "black", "textcoords": "offset points"}
            above = 5.5 if (j, i) in marked else 0
            self.axes.annotate(str(texts[j, i]), (i, j), (0, above), ha="center", va="center", **look)

    def _draw_contours(self, shown: np.ma.MaskedArray[Any, Any]) -> None:
        if shown.count() < 4 or float(shown.max()) == float(shown.min()):
            return
        lines = self.axes.contour(shown, levels=6, colors="black", linewidths=0.6, linestyles="solid")
        halo: list[Any] = [withStroke(linewidth=1.6, foreground="white")]
        for text in self.axes.clabel(lines, fontsize=small(), fmt=lambda value: f"{value:g}".replace("-", "−")):
            text.set_path_effects(halo)

    def _draw_points(self) -> None:
        for index, point in enumerate(self.spec.points):
            (left, right), (low, high) = self._cells(point, "x"), self._cells(point, "y")
            if left == right and low == high:
                (mark,) = self.axes.plot([left], [low], **_mark(index), linestyle="none", zorder=6)
            else:
                size = right - left + 0.94, high - low + 0.94
                mark = self.axes.add_patch(Rectangle((left - 0.47, low - 0.47), *size, **_BOX, zorder=6))
            mark.set_gid(f"point-{index + 1}")

    def _cells(self, point: PointRow, key: str) -> tuple[float, float]:
        """Of a marked setting or range, in cells from the first: each cell is as wide as any other."""
        values = self.spec.axes[key].values
        low, high = np.interp(point.ends(key), values, np.arange(len(values))).tolist()
        return low, high


def _axis_unit(axis: AxisRow) -> str:
    return axis.unit if "baseline" in axis.unit else unit_label(axis.unit)


def _legend_handle(point: PointRow, index: int) -> Patch | Line2D:
    """A marked setting, or range, in the legend."""
    if isinstance(point.x, tuple) or isinstance(point.y, tuple):
        return Patch(**_BOX)
    return Line2D([], [], linestyle="none", **_mark(index))


def _cell_text(value: float) -> str:
    """In a cell."""
    return "–" if np.isnan(value) else short_number(value).replace("-", "−")


def _colour_scale(shown: np.ma.MaskedArray[Any, Any]) -> Normalize:
    """From the least to the greatest number; one colour if they differ by no more than rounding."""
    if not shown.count():
        return Normalize(0, 1)
    low, high = float(shown.min()), float(shown.max())
    about = 0.0 if high - low > _SAME * max(abs(low), abs(high)) else 0.05 * abs(low) or 0.05
    return Normalize(low - about, high + about)


def _mark(index: int) -> dict[str, Any]:
    marker = MARKERS[index % len(MARKERS)]
    edge = {"markeredgecolor": "black", "markeredgewidth": 1.0}
    return {"marker": marker, "markersize": 4.6, "markerfacecolor": "white", **edge}
