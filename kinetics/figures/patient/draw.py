"""The figure of one patient: a panel an output, with counts, fitted curve, intervals, courses and recovery."""

from __future__ import annotations

import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import output_label
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import row_height, set_scale, set_time_axes
from kinetics.figures.base.rows import PanelRow, TimeRow
from kinetics.figures.base.time_axis import time_axis
from kinetics.figures.base.words import say
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
    recovery_words,
)
from kinetics.figures.patient.spec import PatientSpec, read_patient_figure
from kinetics.prediction.summary import recovery_summary
from kinetics.units import conversion, parse_unit

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

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel an output: those with counts or a limit of normal, or those that the file names."""
        spec, names = self.spec, self._outputs(tree)
        columns = page.columns_for(len(names), least=70)
        panels = page.grid(len(names), lambda rows: row_height(page.width / columns - 16) * rows, columns)
        time = self._time(tree, page.panel_width)
        rows = recovery_summary(tree)
        for panel, name in zip(panels, names, strict=True):
            own = [row for row in rows if row["output"] == name]
            self._draw_panel(page, panel, OutputPanel(tree, name, time.unit, own), time)
            if own and (words := recovery_words(own[-1])):
                page.caption.add(f"{output_label(spec.model, name)}: {words}")
        page.figure.align_ylabels([panel.axes for panel in panels])
        self._explain(page, tree, names)

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
        label = None if is_first_dose else say("time")
        return time_axis(days, width / _MM_A_TICK, unit=self.spec.header.unit, label=label)

    def _draw_panel(self, page: Page, panel: Panel, content: OutputPanel, time: TimeRow) -> None:
        kind = self.spec.header.scale
        set_scale(panel.axes, kind)
        lower, upper = content.vertical_ends(kind)
        row = PanelRow(title=output_label(self.spec.model, content.name), scale=kind, lower=lower, upper=upper)
        content.draw(panel.axes)
        set_time_axes(page, panel, row, time, say("count"), content.unit, pad=5)

    def _explain(self, page: Page, tree: xr.DataTree, names: list[str]) -> None:
        root, observed = tree.to_dataset(), tree["observations"].to_dataset()
        page.add_key(Line2D([], [], linestyle="none", **COUNT), say("measured_count"))
        sides = [observed[f"{name}_censored"].values for name in names if f"{name}_censored" in observed]
        if sides:
            where = say("beyond" if any((side > 0).any() for side in sides) else "below")
            mark = Line2D([], [], linestyle="none", **CENSORED)
            page.add_key(mark, say("beyond_limit", where=where), say("beyond_limit_meaning", where=where))
        page.add_key(Line2D([], [], **CURVE), say("fitted_curve"), say("fitted_curve_meaning"))
        page.add_key(Patch(**BAND["true"]), say("true_95"), say("true_95_meaning"))
        if tree["measured"].data_vars:
            page.add_key(Patch(**BAND["measured"]), say("measured_95"), say("measured_95_meaning"))
        if tree.attrs["planned"]:
            page.add_key(Line2D([], [], **WITHOUT), say("without_planned"), say("without_planned_meaning"))
        if "course_start" in root:
            page.add_key(Line2D([], [], linestyle="none", **COURSE), say("course_given"))
        if tree.attrs["planned"]:
            page.add_key(Line2D([], [], linestyle="none", **PLANNED), say("course_planned"))
        if any("lower_limit" in root[name].attrs for name in names):
            page.add_limit()
            if "course_start" in root:
                mark = Line2D([], [], **{**INTERVAL, **RECOVERY})
                page.add_key(mark, say("recovery"), say("recovery_meaning"))
