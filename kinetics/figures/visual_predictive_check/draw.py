"""The visual predictive check: what studies of the simulated population would show, beside what studies showed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator

from kinetics.figures.base.kind import Kind
from kinetics.figures.base.labels import panel_letter, unit_label
from kinetics.figures.base.legend import Entry, published_text
from kinetics.figures.base.of_fit import check_groups, chosen_estimates
from kinetics.figures.base.page import add_title_and_legend, blank_page
from kinetics.figures.visual_predictive_check.compute import PANEL, check_tree, patients_of
from kinetics.figures.visual_predictive_check.marks import MODEL, draw_curve, draw_number, sample_number
from kinetics.figures.visual_predictive_check.rows import ROW
from kinetics.figures.visual_predictive_check.spec import CheckPanelRow, CheckSpec, load_check
from kinetics.published import PublishedRow
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

__all__ = ["VisualPredictiveCheck"]

_MARGIN = 0.035
"""Of the axis, beyond its ends, for what stands there."""

_RIGHT = 0.02
"""Of the axis, from the published number at its time to the model's."""

_BELOW = 6.0
"""The same downwards for recovery times, percent of patients."""

_ROW = 48.0
"""Height of a row of panels, mm."""

_SAID = {
    "count": "{statistics}",
    "percent_of_baseline": "{statistics}",
    "ratio": "{statistics}",
    "time_to_threshold": "recovery time, at half of the patients it is of: {statistics}",
    "share_below": "{statistics}",
    "share_above": "{statistics}",
    "share_recovered": "share of patients seen back",
}
"""What the key says of each kind of published row."""

_LABELS = {"counts": "count", "share": "patients", "recovery": "patients seen back"}


class VisualPredictiveCheck(Kind[CheckSpec]):
    """A figure of kind ``visual_predictive_check``.

    Parameters
    ----------
    spec : CheckSpec
        The checked figure file.
    """

    from_estimates = True
    load = staticmethod(load_check)

    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """Simulate the population at fresh estimates if given, else at the committed ones."""
        tree = check_tree(self.spec, chosen_estimates(self.spec.problem, estimates))
        if progress is not None:
            progress(1, 1)
        return tree

    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows.

        Raises
        ------
        InputError
            With everything that does not fit.
        """
        panels = enumerate(self.spec.panels.values(), 1)
        needed = {f"panel_{n}": (*PANEL, *(["population"] if row.type == "counts" else [])) for n, row in panels}
        attrs = {"figure": "visual_predictive_check", "fit": self.spec.problem.name}
        check_groups(tree, needed, attrs, source)

    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw a simulated check, within `kinetics.figures.base.style.style`.

        Returns
        -------
        matplotlib.figure.Figure
            Lines of the population have the gid ``simulated-PANEL``, areas ``population-PANEL`` and ``study-PANEL``,
            points ``published-ROW`` and ``model-ROW``.
        """
        page, names = self.spec.page, list(self.spec.panels)
        columns = page.columns or min(2, len(names))
        lines = -(-len(names) // columns)
        figure = blank_page(page.width, page.height or _ROW * lines + 40)
        for index, axes in enumerate(figure.subplots(lines, columns, squeeze=False).flat):
            if index >= len(names):
                axes.remove()
                continue
            name, found = names[index], tree[f"panel_{index + 1}"].to_dataset()
            letter = panel_letter(index, len(names))
            self._furnish(axes, self.spec.panels[name], str(found["value"].attrs["units"]), letter)
            draw_curve(axes, found, name, self.spec.panels[name].type)
            self._draw_rows(axes, found)
            if index + columns >= len(names):
                axes.set_xlabel(f"{self.spec.time.label} ({self.spec.time.unit})")
        figure.align_ylabels()
        add_title_and_legend(figure, self.spec.header.title, self._entries(tree), self.spec.header.note)
        return figure

    def _furnish(self, axes: Axes, row: CheckPanelRow, unit: str, letter: str) -> None:
        end = to_unit(self.spec.header.until, self.spec.time.unit)
        axes.set_xlim(-_MARGIN * end, end * (1 + _MARGIN))
        axes.xaxis.set_major_locator(MultipleLocator(to_unit(self.spec.time.ticks, self.spec.time.unit)))
        axes.set_title("  ".join(filter(None, (letter, row.title))), loc="left", fontweight="bold")
        label, shown = row.label or _LABELS[row.type], unit_label(unit)
        axes.set_ylabel(f"{label} ({shown})" if shown else label)
        axes.set_yscale(row.scale, **({"nonpositive": "clip"} if row.scale == "log" else {}))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        if row.type != "counts":
            axes.set_ylim(-2, 102)
            axes.yaxis.set_major_locator(MultipleLocator(25))
        elif row.lower is not None or row.upper is not None or row.scale == "linear":
            axes.set_ylim(row.lower if row.lower is not None or row.scale == "log" else 0, row.upper)

    def _draw_rows(self, axes: Axes, found: xr.Dataset) -> None:
        right = _RIGHT * to_unit(self.spec.header.until, self.spec.time.unit)
        for index, name in enumerate(map(str, found["row"].values)):
            own = {key: float(found[key].values[index]) for key in ROW}
            along_time = bool(np.isnan(own["at"]))
            for who, aside in (("published", 0), ("model", 1)):
                place = own["height"] - _BELOW * aside if along_time else own["at"] + right * aside
                number = own[who], own[f"{who}_lower"], own[f"{who}_upper"]
                draw_number(axes, f"{who}-{name}", place, number, published=not aside, along_time=along_time)

    def _entries(self, tree: xr.DataTree) -> list[Entry]:
        types = {row.type for row in self.spec.panels.values()}
        entries: list[Entry] = []
        line, dark = Line2D([], [], color=MODEL), Patch(facecolor=MODEL, alpha=0.45, linewidth=0)
        if "counts" in types:
            light = Patch(facecolor=MODEL, alpha=0.16, linewidth=0)
            entries.append((light, "simulated with the model: 5 to 95 % of patients as a visit would measure them"))
        curve = {
            "counts": "median of patients",
            "share": "share of patients",
            "recovery": "share of patients seen back by a visit, of those seen below",
        }
        entries.append(
            (line, "simulated with the model: " + "; ".join(text for of, text in curve.items() if of in types))
        )
        if sizes := self._sizes():
            summaries = [*(["medians"] if "counts" in types else []), *(["shares"] if types - {"counts"} else [])]
            said = f"95 % of {' or '.join(summaries)} in studies of {sizes} patients"
            entries.append((dark, f"simulated with the model: {said}"))
        said = "the published statistic with its SD, or with 95 % of studies"
        entries.append((sample_number(False), f"simulated with the model: {said}"))
        return [*entries, *self._published()]

    def _published(self) -> list[Entry]:
        """All published rows in one entry, chosen ones in another."""
        groups: dict[tuple[str, str], dict[str, PublishedRow]] = {}
        for row in (target.row for targets in self.spec.targets.values() for target in targets):
            groups.setdefault((row.source, _SAID[row.kind]), {})[row.name] = row
        texts = [published_text(rows.values(), "sd", self.spec.path.parent, _SAID) for rows in groups.values()]
        parts = [text.partition(": ")[::2] for text in texts]
        heads = dict.fromkeys(head for head, _ in parts)
        return [
            (sample_number(True), f"{head}: " + "; ".join(rest for own, rest in parts if own == head)) for head in heads
        ]

    def _sizes(self) -> str:
        """The numbers of patients of studies, one a panel."""
        sizes = {patients_of(targets) for targets in self.spec.targets.values()} - {None}
        return " or ".join(str(size) for size in sorted(filter(None, sizes)))
