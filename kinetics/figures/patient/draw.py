"""The figure of one patient: a panel an output, with counts, fitted curve, intervals, courses and recovery."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.page import Entry, add_title_and_legend, limit_entry
from kinetics.figures.base.panels import Panel, panel_grid, set_log_minor_ticks, set_scale, set_time_axes
from kinetics.figures.base.rows import PanelRow, TimeRow
from kinetics.figures.base.style import scale
from kinetics.figures.base.time_axis import time_axis
from kinetics.figures.patient.panel import (
    BAND,
    CENSORED,
    COUNT,
    COURSE,
    CURVE,
    INTERVAL,
    PLANNED,
    RECOVERY,
    WITHOUT,
    OutputPanel,
)
from kinetics.figures.patient.spec import PatientSpec, read_patient_figure
from kinetics.prediction import recovery_summary
from kinetics.units import conversion, parse_unit

_NARROW = 120
"""Width of a page, mm, under which panels stand in one column."""
_ROWS = {1: 43.0, 2: 54.0}
"""Height of a row of so many panels, mm."""
_TITLE = 14.0
"""Points from the axes to the title of a panel: words on recovery stand between."""
_MM_A_TICK = 9.0


class PatientCourse(Kind[PatientSpec]):
    """One patient over time.

    Counts have the gid ``counts-OUTPUT``, those beyond a limit of quantification ``censored-OUTPUT``, the fitted curve
    ``curve-OUTPUT``, the curve without the planned courses ``without-OUTPUT``, intervals ``true-OUTPUT`` and
    ``measured-OUTPUT``, limits of normal ``limit-OUTPUT``, recovery ``recovery-OUTPUT-COURSE``, courses
    ``course-OUTPUT-COURSE``.
    """

    name = "patient"
    load = staticmethod(read_patient_figure)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Fit and predict the patient of the file."""
        from kinetics.patients.individual.fitting import fit_patient

        spec, header = self.spec, self.spec.header
        assert spec.data is not None
        assert spec.model is not None
        assert header.patient is not None
        fit = fit_patient(spec.data, header.patient, model=spec.model, cohort=header.cohort)
        tree = fit.predict(
            until=header.until, retreat=header.retreat or None, retreat_with=spec.course, draws=header.draws,
            seed=header.seed,
        )  # fmt: skip
        inputs.progress(1, 1)
        return tree

    def required(self) -> Required:
        """Curves, intervals, recovery and counts, of the patient of the file if there is one."""
        names = self.spec.header.outputs
        groups = {"/": names, "interval": names, "measured": (), "recovery": ("estimate", "quantiles")}
        patient = self.spec.header.patient
        return Required({**groups, "observations": ()}, {} if patient is None else {"patient": patient})

    def picture(self, tree: xr.DataTree) -> Figure:
        """A panel an output: those with counts or a limit of normal, or those that the file names."""
        spec, names = self.spec, self._outputs(tree)
        columns = 1 if spec.page.width < _NARROW else 2
        grid = panel_grid(spec.page, len(names), lambda rows: _ROWS[columns] * rows + 36, columns)
        time = self._time(tree, spec.page.width / grid.columns)
        rows = recovery_summary(tree)
        for panel, name in zip(grid.panels, names, strict=True):
            own = [row for row in rows if row["output"] == name]
            self._draw_panel(panel, OutputPanel(tree, name, time.unit, own), time)
        grid.figure.align_ylabels()
        add_title_and_legend(grid.figure, spec.header, list(self._entries(tree, names)))
        return grid.figure

    def _outputs(self, tree: xr.DataTree) -> list[str]:
        root, counted = tree.to_dataset(), tree["observations"].data_vars
        available = [str(name) for name in tree["interval"].data_vars]
        chosen = [name for name in available if name in counted or "lower_limit" in root[name].attrs]
        return list(self.spec.header.outputs) or chosen or available

    def _time(self, tree: xr.DataTree, width: float) -> TimeRow:
        """The axis of time, with as many ticks as a panel of a width in mm has room for."""
        root = tree.to_dataset()
        factor = float(conversion(parse_unit(root["time"].attrs["units"]), parse_unit("day")))
        days = float(root["time"][-1] - root["time"][0]) * factor
        is_first_dose = "course_start" in root and float(root["course_start"][0]) == 0
        label = "time since the first dose" if is_first_dose else "time"
        return time_axis(days, width / _MM_A_TICK, unit=self.spec.header.unit, label=label)

    def _draw_panel(self, panel: Panel, content: OutputPanel, time: TimeRow) -> None:
        kind = self.spec.header.scale
        set_scale(panel.axes, kind)
        lower, upper = content.vertical_ends(kind)
        row = PanelRow(title=content.name, scale=kind, lower=lower, upper=upper)
        set_time_axes(panel.axes, row, time, panel.letter, "count", content.unit, pad=_TITLE * scale())
        if kind == "log":
            set_log_minor_ticks(panel.axes)
        if panel.is_lowest:
            panel.axes.set_xlabel(f"{time.label} ({time.unit})")
        content.draw(panel.axes)

    def _entries(self, tree: xr.DataTree, names: list[str]) -> Iterator[Entry]:
        root, observed = tree.to_dataset(), tree["observations"].to_dataset()
        yield Line2D([], [], linestyle="none", **COUNT), "counts"
        sides = [observed[f"{name}_censored"].values for name in names if f"{name}_censored" in observed]
        if sides:
            where = "beyond" if any((side > 0).any() for side in sides) else "below"
            yield Line2D([], [], linestyle="none", **CENSORED), f"count {where} this limit of quantification"
        yield Line2D([], [], **CURVE), "fitted curve: the most probable parameters"
        yield Patch(**BAND["true"]), "95 % interval of the true count"
        if tree["measured"].data_vars:
            yield Patch(**BAND["measured"]), "95 % interval of a measured count"
        if tree.attrs["planned"]:
            yield Line2D([], [], **WITHOUT), "median without what is planned"
        if "course_start" in root:
            yield Line2D([], [], linestyle="none", **COURSE), "course given"
        if tree.attrs["planned"]:
            yield Line2D([], [], linestyle="none", **PLANNED), "course planned"
        if any("lower_limit" in root[name].attrs for name in names):
            yield limit_entry("lower limit of normal")
            if "course_start" in root:
                yield Line2D([], [], **{**INTERVAL, **RECOVERY}), "recovery after each course, with its 95 % interval"
