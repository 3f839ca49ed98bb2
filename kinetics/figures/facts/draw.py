"""Means over a simulated population under several regimens, and the published facts beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator
from scipy.stats import binom

from kinetics.figures.base.kind import Kind
from kinetics.figures.base.labels import panel_letter
from kinetics.figures.base.legend import Entry, courses_text
from kinetics.figures.base.of_fit import check_groups
from kinetics.figures.base.page import add_title_and_legend, blank_page
from kinetics.figures.base.style import GREY, LINES
from kinetics.figures.facts.spec import FactCurveRow, FactsSpec, colour_of, load_facts
from kinetics.files.bibliography import find_source
from kinetics.published import EvidenceRow
from kinetics.simulation.simulating import simulate
from kinetics.units import conversion, display_unit, parse_unit, to_unit

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

__all__ = ["Facts"]

_PANEL = 62.0
"""Height of a panel with its labels, mm, if the file gives none."""
_APART = 0.03
"""Of the axis, beyond its end, for what studies of a last fact would find."""
_WIDER = 1.9
"""Points, from the bar of a fact to that of the next at the same time, which lies beneath."""


class Facts(Kind[FactsSpec]):
    """A figure of kind ``facts``.

    Parameters
    ----------
    spec : FactsSpec
        The checked figure file.
    """

    from_estimates = False
    load = staticmethod(load_facts)

    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """Simulate the population of every arm; committed estimates are those of the cohort."""
        spec, header = self.spec, self.spec.header
        arms = []
        for done, (regimen, cohort) in enumerate(spec.arms.values(), 1):
            found = simulate(
                spec.model,
                regimen,
                until=header.until,
                every=header.every,
                cohort=cohort,
                patients=header.patients,
                seed=header.seed,
                sampling="quasi",
            )
            arms.append(_means(found[list(dict.fromkeys(row.output for row in spec.curves))]))
            if progress is not None:
                progress(done, len(spec.arms))
        names = xr.DataArray(list(spec.arms), dims="arm", name="arm")
        return xr.DataTree(xr.concat(arms, names, combine_attrs="drop").assign_attrs(self._attrs()))

    def _attrs(self) -> dict[str, Any]:
        spec = self.spec
        hashes = ", ".join(f"{cohort} {regimen.content_hash}" for regimen, cohort in spec.arms.values())
        header = {key: getattr(spec.header, key) for key in ("patients", "seed", "until")}
        return {"figure": "facts", "model_hash": spec.model.content_hash, "arms": hashes, **header}

    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows.

        Raises
        ------
        InputError
            With everything that does not fit.
        """
        check_groups(tree, {"/": [row.output for row in self.spec.curves]}, self._attrs(), source)

    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw a result, within `kinetics.figures.base.style.style`.

        Returns
        -------
        matplotlib.figure.Figure
            Curves have the gid ``simulated-PANEL-OUTPUT-ARM``, facts ``published-FACT`` and what a study of their
            size would show ``study-FACT``; bars end in ``-bar``.
        """
        spec, page, found = self.spec, self.spec.page, tree.to_dataset()
        names, columns = list(spec.panels), page.columns or min(2, len(spec.panels))
        lines = -(-len(names) // columns)
        figure = blank_page(page.width, page.height or lines * _PANEL + 24 + 3.2 * len(spec.facts))
        grid = figure.subplots(lines, columns, squeeze=False)
        for index, axes in enumerate(grid.flat):
            if index >= len(names):
                axes.remove()
                continue
            letter = panel_letter(index, len(names))
            _Panel(spec, found, axes, names[index]).draw(letter)
        add_title_and_legend(figure, spec.header.title, self._entries(), spec.header.note)
        return figure

    def _entries(self) -> list[Entry]:
        header, time = self.spec.header, self.spec.time.unit
        whose = f"simulated: mean of {header.patients} patients, cohort {header.cohort}"
        entries: list[Entry] = [(Line2D([], [], color=GREY), whose)]
        for name, regimen in self.spec.regimens.items():
            given = "; ".join([courses_text(regimen, time), *map(str, regimen.rules)])
            entries.append((Patch(alpha=0), f"{name}: {given}"))
        sources = dict.fromkeys(_short(row, self.spec) for row in self.spec.facts.values())
        if sources:
            entries.append((_mark("D"), f"published, with the interval of the evidence ({'; '.join(sources)})"))
        if any(_has_study(row) for row in self.spec.facts.values()):
            entries.append((_mark("o", "white"), "what 95 % of studies of that many patients would find, by the model"))
        return entries


class _Panel:
    """A panel while it is drawn."""

    def __init__(self, spec: FactsSpec, found: xr.Dataset, axes: Axes, name: str) -> None:
        self.spec, self.axes, self.name, self.row = spec, axes, name, spec.panels[name]
        self.found = found
        self.taken: list[float] = []
        self.times = found["time"].values * to_unit(f"1 {found['time'].attrs['units']}", spec.time.unit)

    def draw(self, letter: str) -> None:
        """Curves, facts, and axes around them."""
        axes, row, time = self.axes, self.row, self.spec.time
        axes.set_yscale(row.scale, **({"nonpositive": "clip"} if row.scale == "log" else {}))
        for index, curve in enumerate(self.spec.of_panel(self.name)):
            self._draw_curve(curve, index)
        unit = {"percent": "%"}.get(row.unit, display_unit(parse_unit(row.unit)))
        axes.set_ylabel(f"{row.label} ({unit})" if unit else row.label)
        axes.set_title("  ".join(filter(None, (letter, row.title))), loc="left", fontweight="bold")
        since = time.label if row.since == "first" else "time since the last scheduled dose"
        axes.set_xlabel(f"{since} ({time.unit})")
        axes.set_xlim(0, (1 + _APART) * self.times[-1])
        axes.xaxis.set_major_locator(MultipleLocator(to_unit(time.ticks, time.unit)))
        if row.lower is not None or row.upper is not None or row.scale == "linear":
            axes.set_ylim(row.lower if row.lower is not None or row.scale == "log" else 0, row.upper)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.legend(frameon=False, loc="best", handlelength=2.4, borderaxespad=0.2)

    def _draw_curve(self, curve: FactCurveRow, index: int) -> None:
        values, zero, colour = self._values(curve), self.spec.zero(curve), colour_of(curve, index)
        label = self.spec.label(curve)
        times = self.times - zero
        kept = times >= 0
        (line,) = self.axes.plot(
            times[kept], values[kept], color=colour, linestyle=LINES[index % len(LINES)], label=label
        )
        line.set_gid(f"simulated-{self.name}-{curve.output}-{curve.arm}")
        for name in curve.published:
            self._draw_fact(name, times, values, colour)

    def _draw_fact(self, name: str, times: np.ndarray, values: np.ndarray, colour: str) -> None:
        """A fact at its time, and to the right of it what a study would find; of facts at one time bars are nested."""
        row, axes, end = self.spec.facts[name], self.axes, self.times[-1]
        at = float(times[0]) + to_unit(str(row.time), self.spec.time.unit)
        before = self.taken.count(at)
        right = at + _APART / 3 * (before + 1) * end
        self.taken.append(at)
        factor = float(conversion(parse_unit(str(row.unit)), parse_unit(self.row.unit)))
        if row.lower is not None or row.upper is not None:
            ends = [(0.0 if end is None else end) * factor for end in (row.lower, row.upper)]
            nested = {"linewidth": 1.1 + _WIDER * before, "zorder": 5 - 0.1 * before, "solid_capstyle": "butt"}
            axes.plot([at, at], ends, color=colour, **nested)[0].set_gid(f"published-{name}-bar")
        if row.value is not None:
            (point,) = axes.plot([at], [row.value * factor], **_look("D", colour), zorder=6, clip_on=False)
            point.set_gid(f"published-{name}")
        if _has_study(row):
            share = float(np.interp(at, times, values))
            whole = float(conversion(parse_unit("1"), parse_unit(self.row.unit)))
            ends = [binom.ppf(end, row.n, share / whole) / row.n * whole for end in (0.025, 0.975)]
            (bar,) = axes.plot([right] * 2, ends, color=colour, linewidth=1.1, linestyle=(0, (1, 1)), zorder=5)
            bar.set_gid(f"study-{name}-bar")
            (ring,) = axes.plot([right], [share], **_look("o", colour, "white"), zorder=6, clip_on=False)
            ring.set_gid(f"study-{name}")

    def _values(self, curve: FactCurveRow) -> np.ndarray:
        """The mean over patients, (time,), in the unit of the panel."""
        found = self.found.sel(arm=curve.arm)
        if self.row.percent_of_baseline:
            return found[f"{curve.output}_of_baseline"].values * 100
        factor = float(conversion(self.spec.model.quantity(curve.output).unit, parse_unit(self.row.unit)))
        return found[curve.output].values * factor


def _means(found: xr.Dataset) -> xr.Dataset:
    """Means over patients, and of what each has of the own value before treatment, (time,)."""
    relative = found / found.isel(time=0)
    relative = relative.where(np.isfinite(relative))
    return found.mean("patient", keep_attrs=True).merge(
        relative.mean("patient").rename({str(name): f"{name}_of_baseline" for name in found})
    )


def _has_study(row: EvidenceRow) -> bool:
    return row.kind == "event_share" and row.n is not None


def _short(row: EvidenceRow, spec: FactsSpec) -> str:
    source = find_source(row.source, spec.path.parent)
    return source.short if source else row.source


def _look(marker: str, colour: str, face: str = "") -> dict[str, Any]:
    return {
        "marker": marker,
        "markersize": 4.0,
        "markerfacecolor": face or colour,
        "markeredgecolor": colour if face else "black",
        "markeredgewidth": 0.8 if face else 0.5,
        "linestyle": "none",
    }


def _mark(marker: str, face: str = "") -> Line2D:
    return Line2D([], [], **_look(marker, GREY, face))
