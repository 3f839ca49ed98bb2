"""The tornado: how recovery times change with each parameter, the largest changes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.labels import number_text, panel_letter
from kinetics.figures.base.legend import Entry, courses_text
from kinetics.figures.base.of_fit import check_groups, chosen_estimates
from kinetics.figures.base.page import add_title_and_legend, blank_page
from kinetics.figures.base.style import COLOURS, FONT_SIZE, SMALL
from kinetics.figures.tornado.compute import recovery_elasticities
from kinetics.figures.tornado.spec import TornadoSpec, load_tornado
from kinetics.units import conversion, display_unit, parse_unit, to_unit
from kinetics.units.levels import read_level

if TYPE_CHECKING:
    from kinetics.estimate import Estimates

__all__ = ["Tornado"]

_LATER, _EARLIER = COLOURS["vermillion"], COLOURS["blue"]
_BAR = 3.9
"""Height of a bar with its gap, mm."""


class Tornado(Kind[TornadoSpec]):
    """A figure of kind ``tornado``.

    Parameters
    ----------
    spec : TornadoSpec
        The checked figure file.
    """

    from_estimates = True
    load = staticmethod(load_tornado)

    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """Elasticities at the cohort's typical patient, at fresh estimates of the fit if given."""
        spec, header = self.spec, self.spec.header
        until = to_unit(header.until, spec.model.time)
        found = recovery_elasticities(spec.model, spec.regimen, self._values(estimates), until, header.outputs)
        if progress is not None:
            progress(1, 1)
        return xr.DataTree(found.assign_attrs(figure="tornado", model_hash=spec.model.content_hash))

    def _values(self, estimates: Sequence[Estimates]) -> dict[str, float]:
        from kinetics.estimate.draws import chain_of_fits, estimated_cohort

        model, cohort = self.spec.model, self.spec.header.cohort
        if self.spec.problem is None:
            return cohort_parameters(model, cohort).values
        chosen = chosen_estimates(self.spec.problem, estimates)
        name = cohort or chosen.cohort
        return estimated_cohort(model, chain_of_fits(model, chosen, name), name).values

    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows.

        Raises
        ------
        InputError
            With everything that does not fit.
        """
        attrs = {"figure": "tornado", "model_hash": self.spec.model.content_hash}
        check_groups(tree, {"/": ("time", "elasticity", "limit")}, attrs, source)

    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw elasticities, within `kinetics.figures.base.style.style`.

        Returns
        -------
        matplotlib.figure.Figure
            A bar is as long as the change of the time in percent, its gid ``bar-OUTPUT-PARAMETER``.
        """
        found, page, largest = tree.to_dataset(), self.spec.page, self.spec.header.largest
        count = found.sizes["output"]
        columns = page.columns or min(2, count)
        lines = -(-count // columns)
        bars = min(largest, found.sizes["parameter"])
        figure = blank_page(page.width, page.height or lines * (_BAR * bars + 19) + 24)
        grid = figure.subplots(lines, columns, squeeze=False, sharex=True)
        reach = self._reach(found)
        for index, axes in enumerate(grid.flat):
            if index >= count:
                axes.remove()
                continue
            axes.set_xlim(-reach, reach)
            self._draw_panel(axes, found.isel(output=index), panel_letter(index, count))
            axes.tick_params(labelbottom=True)
        add_title_and_legend(figure, self.spec.header.title, self._entries(), self.spec.header.note)
        return figure

    def _reach(self, found: xr.Dataset) -> float:
        """How far the axis goes on each side; there is room for the number beside the longest bar."""
        sizes = np.abs(self._changes(found))
        return 1.45 * float(np.max(sizes, where=np.isfinite(sizes), initial=0.0)) or 1.0

    def _changes(self, found: xr.Dataset) -> np.ndarray:
        return found["elasticity"].values * float(self.spec.header.percent)

    def _draw_panel(self, axes: Axes, found: xr.Dataset, letter: str) -> None:
        output, time = str(found["output"].values), float(found["time"])
        level = read_level(str(found["limit"].values))
        limit = f"{level.number:g} {display_unit(level.unit)}"
        unit = self.spec.header.unit
        factor = float(conversion(parse_unit(found["time"].attrs["units"]), parse_unit(unit)))
        said = f"back at {limit} after {number_text(time * factor)} {unit}"
        if not np.isfinite(time):
            said = f"not below {limit}" if np.isnan(time) else f"not back at {limit} by {self.spec.header.until}"
        axes.set_title("  ".join(filter(None, (letter, output))), loc="left", fontweight="bold", pad=13)
        axes.annotate(said, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points", fontsize=FONT_SIZE)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color="black", linewidth=0.6, zorder=3)
        axes.set_xlabel(f"change of the time (%) per +{self.spec.header.percent} % of the parameter")
        if np.isfinite(time):
            self._draw_bars(axes, found, output)

    def _draw_bars(self, axes: Axes, found: xr.Dataset, output: str) -> None:
        changes, names = self._changes(found), [str(name) for name in found["parameter"].values]
        order = np.argsort(-np.abs(changes), kind="stable")
        shown, rest = order[: self.spec.header.largest], order[self.spec.header.largest :]
        for y, index in enumerate(shown):
            change = float(changes[index])
            (bar,) = axes.barh(y, change, height=0.72, color=_LATER if change > 0 else _EARLIER, zorder=2)
            bar.set_gid(f"bar-{output}-{names[index]}")
            side = 1 if change > 0 else -1
            beside = {"textcoords": "offset points", "va": "center", "fontsize": SMALL}
            axes.annotate(_signed(change), (change, y), (2.5 * side, 0), ha="left" if side > 0 else "right", **beside)
            axes.annotate(names[index], (0, y), (-2.5 * side, 0), ha="right" if side > 0 else "left", **beside)
        axes.set_ylim(self.spec.header.largest + 0.3, -0.6)
        if rest.size:
            words = f"{rest.size} others, none above {abs(changes[shown[-1]]):.2g} %"
            axes.text(
                0.0,
                self.spec.header.largest - 0.15,
                words,
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=SMALL,
            )

    def _entries(self) -> list[Entry]:
        header = self.spec.header
        whose = f"typical patient{f', cohort {header.cohort}' if header.cohort else ''}"
        return [
            (Patch(facecolor=_LATER), "recovery later with more of the parameter (+)"),
            (Patch(facecolor=_EARLIER), "recovery earlier (−)"),
            (
                Patch(alpha=0),
                f"model: {whose}; exact derivatives, scaled to +{header.percent} %; limits held; "
                + courses_text(self.spec.regimen, header.unit),
            ),
        ]


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")
