"""The forest plot: each study's own estimate with its interval and weight, and the pooled one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from kinetics.errors import InputError
from kinetics.figures.base.fit_figure import chosen_estimates
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import parameter_label, short_number, unit_label
from kinetics.figures.base.page import Page, panel_letter
from kinetics.figures.base.panels import set_heading, with_unit
from kinetics.figures.base.style import COLOURS, DOTTED, GREY, line_width, small
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.forest.spec import ForestSpec, read_forest

_LINE = 4.2
"""Height of a line, mm."""
_SIZES = 2.5, 6.5
"""Markers of the least and the greatest weight, points."""
_COLUMNS = 0.7, 1.0
"""Right ends of the columns of numbers."""
_OF_STUDY = ("estimate", "lower", "upper", "weight")
_OF_ALL = ("pooled", "pooled_lower", "pooled_upper", "tau", "i_squared", "logarithmic", "unit")


class Forest(Kind[ForestSpec]):
    """A forest plot, a panel a parameter.

    The estimate of a study has the gid ``study-PARAMETER-STUDY``, its interval ``interval-PARAMETER-STUDY``, the pooled
    estimate ``pooled-PARAMETER``.
    """

    name = "forest"
    from_estimates = True
    load = staticmethod(read_forest)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """The studies, at fresh estimates if given, else at the committed ones."""
        from kinetics.estimate.objective.studies import StudyEffectsObjective
        from kinetics.estimate.study_estimates import study_estimates

        problem = self.spec.problem
        estimates = chosen_estimates(problem, inputs.estimates)
        log_se = np.array([estimates[free.name].log_se for free in problem.free])
        studies = study_estimates(
            StudyEffectsObjective(problem), problem.log_parameters(estimates.by_flat_name(problem.model)), log_se
        )
        inputs.progress(1, 1)
        return xr.DataTree(studies.assign_attrs(self.required().attrs))

    def required(self) -> Required:
        """Studies of the fit."""
        return Required({"/": (*_OF_STUDY, *_OF_ALL)}, {"figure": self.name, "fit": self.spec.problem.name})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel a parameter, a line a study."""
        data, names = tree.to_dataset(), self.spec.parameters
        if missing := [name for name in names if name not in data["parameter"].values]:
            raise InputError(f"the result has no {', '.join(missing)}")
        rows = data.sizes["study"] + 2
        figure = page.blank(len(names) * (_LINE * rows + 18))
        grid = figure.subplots(len(names), 2, squeeze=False, width_ratios=(1.0, 0.75))
        for index, (name, (axes, table)) in enumerate(zip(names, grid, strict=True)):
            page.add_panel(axes, len(names))
            label = parameter_label(self.spec.problem.model, name.replace(".", "_"))
            _Panel(axes, table, data.sel(parameter=name), label).draw(panel_letter(index, len(names)))
        _explain(page)


@dataclass(frozen=True, eq=False)
class _Panel:
    """Axes with intervals, the table beside them, and the studies of one parameter."""

    axes: Axes
    table: Axes
    data: xr.Dataset
    label: str

    def draw(self, letter: str) -> None:
        """Studies from top to bottom, then all together."""
        axes, label, studies = self.axes, self.label, [str(study) for study in self.data["study"].values]
        last, count = len(studies) + 0.4, len(studies)
        set_heading(axes, letter, label)
        axes.set_xlabel(with_unit(label, unit_label(str(self.data["unit"].values))))
        axes.axvline(self._number("pooled"), color=GREY, linewidth=0.8, linestyle=DOTTED, zorder=1)
        axes.set_yticks([*range(count), last], [*map(shown_label, studies), say("all_studies")], fontsize=small())
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        self.table.set_axis_off()
        for each in (axes, self.table):
            each.set_ylim(count + 1.4, -1.6)
            each.axhline(count - 0.4, color="#C8C8C8", linewidth=0.5)
        self._write(-1.0, say("estimate_and_interval"), say("weight"), fontweight="bold")
        weights = self.data["weight"].values
        sizes = np.interp(weights, [0, max(float(weights.max()), 1e-9)], _SIZES)
        for y, study in enumerate(studies):
            self._draw_study(y, study, float(sizes[y]))
        self._draw_pooled(last)

    @property
    def _name(self) -> str:
        return str(self.data["parameter"].values)

    def _number(self, key: str) -> float:
        return float(self.data[key])

    def _draw_study(self, y: int, study: str, size: float) -> None:
        value, lower, upper, weight = (float(self.data[key].values[y]) for key in _OF_STUDY)
        if math.isnan(value):
            self._write(y, say("says_nothing"), "0 %")
            return
        (bar,) = self.axes.plot([lower, upper], [y, y], color="black", linewidth=line_width(0.9), zorder=2)
        bar.set_gid(f"interval-{self._name}-{study}")
        (point,) = self.axes.plot([value], [y], "s", color=COLOURS["blue"], markersize=size, zorder=3)
        point.set_gid(f"study-{self._name}-{study}")
        self._write(y, _interval(value, lower, upper), f"{100 * weight:.1f} %")

    def _draw_pooled(self, y: float) -> None:
        value, lower, upper = (self._number(key) for key in _OF_ALL[:3])
        corners = [(lower, y), (value, y - 0.32), (upper, y), (value, y + 0.32)]
        look = {"facecolor": COLOURS["vermillion"], "edgecolor": "black", "linewidth": 0.5, "zorder": 3}
        diamond = Polygon(corners, closed=True, **look)
        diamond.set_gid(f"pooled-{self._name}")
        self.axes.add_patch(diamond)
        of_log = f" {say('of_logarithm')}" if int(self.data["logarithmic"]) else ""
        self._write(y, _interval(value, lower, upper), "100 %", fontweight="bold")
        between = f"τ{of_log} = {short_number(self._number('tau'))}, I² = {100 * self._number('i_squared'):.0f} %"
        self._write(y + 0.85, between, "")

    def _write(self, y: float, text: str, weight: str, **look: str) -> None:
        """Numbers beside a line."""
        settings: dict[str, Any] = {"fontsize": small(), "va": "center", "ha": "right"} | look
        for x, words in zip(_COLUMNS, (text, weight), strict=True):
            self.table.text(x, y, words, transform=self.table.get_yaxis_transform(), **settings)


def _interval(value: float, lower: float, upper: float) -> str:
    numbers = (short_number(one).replace("-", "−") for one in (value, lower, upper))
    return "{} [{}, {}]".format(*numbers)


def _explain(page: Page) -> None:
    square = Line2D([], [], color=COLOURS["blue"], marker="s", linestyle="-", markersize=4)
    page.add_key(square, say("one_study"), say("one_study_meaning"))
    diamond = Line2D([], [], color=COLOURS["vermillion"], marker="D", linestyle="none", markersize=4)
    page.add_key(diamond, say("all_studies"), say("all_studies_meaning"))
    page.caption.add(say("heterogeneity_meaning"))
