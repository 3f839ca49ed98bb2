"""The time course: outputs against time in panels, with limits, published points and courses of treatment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import xarray as xr
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinetics.figures.base.kind import Kind
from kinetics.figures.base.labels import panel_letter
from kinetics.figures.base.legend import courses_text, published_text, simulated_entries
from kinetics.figures.base.page import add_title_and_legend, blank_page
from kinetics.figures.base.points import draw_point, draw_value, sample
from kinetics.figures.base.published import first_dose, published_point
from kinetics.figures.base.style import COLOURS, FONT_SIZE, LINES, MARKERS, SMALL, text_colour
from kinetics.figures.time_course.compute import FigureSpec, load_spec
from kinetics.figures.time_course.panel import Panel, place_labels, set_axes
from kinetics.figures.time_course.simulated import SimulatedCurve, check_result, compute, simulated_curve
from kinetics.figures.time_course.spec import CurveRow
from kinetics.text.escaping import one_line

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

__all__ = ["TimeCourse"]

_DOTTED = (0, (1, 1.5))


class TimeCourse(Kind[FigureSpec]):
    """A figure of kind ``time_course``.

    Parameters
    ----------
    spec : FigureSpec
        The checked figure file.
    """

    from_estimates = False
    load = staticmethod(load_spec)

    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """Simulate what is drawn, from fresh estimates if given; a prediction that shows it already is taken."""
        return compute(self.spec, progress, estimates, predictions)

    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows.

        Raises
        ------
        InputError
            With everything that does not fit.
        """
        check_result(self.spec, tree, source)

    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw a result that `check` accepts, within `kinetics.figures.base.style.style`.

        Returns
        -------
        matplotlib.figure.Figure
            Lines of simulated curves have the gid ``simulated-PANEL-OUTPUT``, bands ``band-PANEL-OUTPUT``, limits
            ``limit-PANEL-OUTPUT``, published points ``published-ROW``, courses ``courses-PANEL``.
        """
        return _Drawing(self.spec, tree).finished()


class _Drawing:
    """One figure under construction."""

    def __init__(self, spec: FigureSpec, tree: xr.DataTree) -> None:
        self.spec, self.tree = spec, tree
        root = tree.to_dataset()
        self.as_planned = root.attrs.get("regimen_hash", spec.regimen.content_hash) == spec.regimen.content_hash
        size = spec.rows.size
        self.figure = blank_page(size.width, size.height)
        self.published: dict[tuple[str, ...], list[tuple[str, Line2D]]] = {}
        self.panels: list[Panel] = []

    def finished(self) -> Figure:
        """Draw everything, lay it out, then place the labels that depend on the layout."""
        names, columns = list(self.spec.rows.panels), self.spec.rows.size.columns
        rows = -(-len(names) // columns)
        grid = self.figure.subplots(rows, columns, squeeze=False)
        for index, axes in enumerate(grid.flat):
            if index >= len(names):
                axes.remove()
                continue
            panel = Panel(axes, names[index], self.spec.rows.panels[names[index]])
            self._fill(panel)
            letter = panel_letter(index, len(names))
            set_axes(panel, self.spec, self.tree.to_dataset(), letter)
            last = index + columns >= len(names)
            axes.tick_params(labelbottom=last)
            if last:
                axes.set_xlabel(f"{self.spec.rows.time.label} ({self.spec.rows.time.unit})")
            self.panels.append(panel)
        self.figure.align_ylabels()
        add_title_and_legend(self.figure, self.spec.rows.header.title, self._entries(), self._note())
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")
        for panel in self.panels:
            place_labels(panel)
        return self.figure

    def _fill(self, panel: Panel) -> None:
        axes, rows = panel.axes, self.spec.panel_curves(panel.name)
        axes.set_yscale(panel.row.scale, **({"nonpositive": "clip"} if panel.row.scale == "log" else {}))
        for index, row in enumerate(rows):
            curve = simulated_curve(self.spec, self.tree, row)
            panel.curves.append((row, curve))
            colour = COLOURS[row.colour] if row.colour else list(COLOURS.values())[index]
            self._draw_curve(panel, row, curve, colour, index)
            if curve.limit is not None:
                self._draw_limit(panel, row, curve.limit, colour)
            for name in row.published if self.as_planned else ():
                self._draw_published(panel, name, row, curve, colour, MARKERS[index % len(MARKERS)])

    def _draw_curve(self, panel: Panel, row: CurveRow, curve: SimulatedCurve, colour: str, index: int) -> None:
        gid = f"{panel.name}-{row.output}"
        if curve.band is not None:
            area = panel.axes.fill_between(curve.time, *curve.band, color=colour, alpha=0.2, linewidth=0, zorder=2)
            area.set_gid(f"band-{gid}")
        style = LINES[index % len(LINES)]
        label = self.spec.label(row)
        (line,) = panel.axes.plot(curve.time, curve.value, color=colour, linestyle=style, label=label, zorder=4)
        line.set_gid(f"simulated-{gid}")
        if len(self.spec.panel_curves(panel.name)) > 1:
            text = panel.axes.text(
                1.015,
                0.5,
                label,
                transform=panel.axes.transAxes,
                color=text_colour(colour),
                va="center",
                fontsize=FONT_SIZE,
            )
            panel.ends.append((text, float(curve.value[-1])))

    def _draw_limit(self, panel: Panel, row: CurveRow, limit: float, colour: str) -> None:
        line = panel.axes.axhline(limit, color=text_colour(colour), linewidth=0.8, linestyle=_DOTTED, zorder=3)
        line.set_gid(f"limit-{panel.name}-{row.output}")
        look = {"color": text_colour(colour), "fontsize": SMALL, "zorder": 6}
        if len(self.spec.panel_curves(panel.name)) == 1:
            text, beside = f"LLN\n{limit:.3g}", panel.axes.get_yaxis_transform()
            panel.axes.text(1.02, limit, text, transform=beside, va="center", linespacing=1.0, **look)
            return
        label = panel.axes.text(
            0, 0, f"LLN {self.spec.label(row)} {limit:.3g}", transform=panel.axes.transAxes, va="bottom", **look
        )
        label.set_in_layout(False)
        panel.limits.append((label, limit))

    def _draw_published(
        self, panel: Panel, name: str, row: CurveRow, curve: SimulatedCurve, colour: str, marker: str
    ) -> None:
        published = self.spec.published[name]
        point = published_point(
            published,
            self.spec.rows.time.unit,
            panel.row.unit,
            self.spec.model.outputs[row.output].unit,
            curve.scale,
            float(curve.value[0]),
            self.spec.rows.header.bars,
            first_dose(self.spec.regimen, self.spec.rows.time.unit),
        )
        draw_point(panel.axes, point, colour, marker).lines[0].set_gid(f"published-{name}")
        panel.points.append((point, draw_value(panel.axes, point, colour)))
        self.published.setdefault((published.source, published.kind, published.statistic), []).append(
            (name, sample(point, colour, marker))
        )

    def _note(self) -> str:
        """What is said beneath, of published numbers and of bands only if they are drawn."""
        header = self.spec.rows.header
        band = any(curve.band is not None for panel in self.panels for _, curve in panel.curves)
        said = (header.note, header.note_published if self.published else "", header.note_band if band else "")
        return " ".join(filter(None, said))

    def _entries(self) -> list[tuple[Artist | tuple[Artist, ...], str]]:
        curves = [curve for panel in self.panels for _, curve in panel.curves]
        entries = simulated_entries(
            any(curve.band is not None for curve in curves), any(curve.limit is not None for curve in curves)
        )
        for marked in self.published.values():
            samples = {(s.get_marker(), s.get_markerfacecolor()): s for _, s in marked}
            rows = [self.spec.published[name] for name, _ in marked]
            text = published_text(rows, self.spec.rows.header.bars, self.spec.path.parent)
            entries.append((tuple(samples.values()), text))
        root = self.tree.to_dataset()
        if "course_start" in root:
            mark = Line2D([], [], color="black", marker="v", markersize=3.5, markeredgewidth=0, linestyle="none")
            known = courses_text(self.spec.regimen, self.spec.rows.time.unit)
            given = one_line(str(root.attrs.get("regimen") or ""))
            entries.append(
                (
                    mark,
                    known if self.as_planned else f"course of treatment ({given or 'own regimen'})",
                )
            )
        return entries
