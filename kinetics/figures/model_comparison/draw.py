"""Models that compete: a dot for the log posterior and each log score of a variant, beside those of the fit."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import tick_text
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import in_lines, set_heading
from kinetics.figures.base.style import COLOURS, DOTTED, GREY, line_width, scale, small
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.model_comparison.compute import POSTERIOR, score_table
from kinetics.figures.model_comparison.spec import ModelComparisonSpec, read_model_comparison
from kinetics.variants import ModelComparison, compare_models

_LINE, _MORE_LINES = 4.0, 2.6
"""Height of a variant, and of each further line of its label, mm."""
_LEAST = 16.0
"""Height of all variants together, mm, at least."""
_AROUND = 12.0
"""Height of what is above and below the variants of a panel, mm."""
_OF_LABELS = 30.0
"""Width of labels, mm."""
_OF_PANEL = 46.0
"""Width of a panel beside them, mm, at least."""
_MARGIN, _OF_NUMBERS = 0.06, 0.28
"""Of the range of values, beside them; and of the axis, for numbers at its right."""
_FIT = {"marker": "D", "color": "black", "markersize": 3.6, "linestyle": "none"}
_VARIANT = {"marker": "o", "color": COLOURS["blue"], "markersize": 3.8, "linestyle": "none"}


class ComparedModels(Kind[ModelComparisonSpec]):
    """Log posteriors and log scores of variants, a panel each and a line a variant.

    The dot of a variant has the gid ``SCORE-VARIANT``.
    """

    name = "model_comparison"
    load = staticmethod(read_model_comparison)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """The variants, at committed results where these are of today, else fitted; without log scores."""
        return self.tree(compare_models(self.spec.problem, self.spec.variants, progress=inputs.progress))

    def tree(self, comparison: ModelComparison) -> xr.DataTree:
        """The dots of variants that have been compared."""
        return xr.DataTree(score_table(comparison).assign_attrs(self.required().attrs))

    def own_title(self, tree: xr.DataTree) -> str:
        """What is compared."""
        return say("title_model_comparison")

    def required(self) -> Required:
        """Variants of the fit."""
        return Required({"/": ("value", "title")}, {"figure": self.name, "fit": self.spec.problem.name})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel a score; labels stand left of the first panel of a row."""
        data = tree.to_dataset()
        count = data.sizes["score"]
        columns = max(1, min(count, page.row.columns or 4, int((page.width - _OF_LABELS) // _OF_PANEL)))
        labels = [in_lines(label, _OF_LABELS * scale()) for label in _labels(data)]
        places, height = _places(labels)
        for panel in page.grid(count, lambda rows: rows * (height + _AROUND), columns, math.inf, sharex=False):
            panel.axes.set_ylim(height, 0)
            panel.axes.set_yticks(
                places, labels if panel.index % columns == 0 else [""] * len(labels), fontsize=small()
            )
            _draw_panel(panel, data.isel(score=panel.index), places)
        _explain(page, data)


def _labels(data: xr.Dataset) -> list[str]:
    """The titles of variants; the first is the fit itself."""
    names, titles = data["variant"].values, data["title"].values
    own = [shown_label(str(name), str(title)) for name, title in zip(names[1:], titles[1:], strict=True)]
    return [shown_label(str(names[0]), say("the_fit")), *own]


def _places(labels: list[str]) -> tuple[list[float], float]:
    """The middle of each line, and the height of all, mm."""
    places, y, line = list[float](), 0.0, max(_LINE, _LEAST / len(labels))
    for label in labels:
        own = line + _MORE_LINES * label.count("\n")
        places.append(y + 0.5 * own)
        y += own
    return places, y


def _draw_panel(panel: Panel, data: xr.Dataset, places: list[float]) -> None:
    axes, score = panel.axes, str(data["score"].values)
    heading = say("log_posterior") if score == POSTERIOR else say("log_score", what=say(f"left_out_{score}"))
    set_heading(axes, panel.letter, heading)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    values = data["value"].values
    finite = values[np.isfinite(values)]
    reach = float(np.ptp(finite)) or 1.0 if finite.size else 1.0
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = low - _MARGIN * reach, high + _MARGIN * reach
    axes.set_xlim(low, high + _OF_NUMBERS * (high - low))
    axes.spines["bottom"].set_bounds(low, high)
    ticks = MaxNLocator(3, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    axes.hlines(places, low, high, color="#E2E2E2", linewidth=line_width(0.5), zorder=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    if np.isfinite(values[0]):
        axes.axvline(values[0], color=GREY, linewidth=line_width(0.8), linestyle=DOTTED, zorder=1)
    for index, (y, value) in enumerate(zip(places, values, strict=True)):
        _draw_dot(axes, y, float(value), f"{score}-{data['variant'].values[index]}", is_fit=index == 0)


def _draw_dot(axes: Axes, y: float, value: float, gid: str, *, is_fit: bool) -> None:
    """A variant, with its number at the right."""
    beside = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center_baseline", "fontsize": small()}
    axes.text(1.0, y, "–" if math.isnan(value) else f"{value:.1f}".replace("-", "−"), color=GREY, **beside)
    if math.isfinite(value):
        (dot,) = axes.plot([value], [y], zorder=3, **(_FIT if is_fit else _VARIANT))
        dot.set_gid(gid)
        dot.set_label(gid.partition("-")[2])


def _explain(page: Page, data: xr.Dataset) -> None:
    page.add_key(Line2D([], [], **_FIT), say("the_fit"), say("the_fit_meaning", what=str(data["title"].values[0])))
    page.add_key(Line2D([], [], **_VARIANT), say("variant"), say("variant_meaning"))
    page.caption.add(say("more_is_better"))
    page.caption.add(say("posterior_at"))
    if data.sizes["score"] > 1:
        page.caption.add(say("score_meaning"))
