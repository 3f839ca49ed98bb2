"""Thin curves of patients, with the median and the range of all of them."""

from __future__ import annotations

from typing import Any

import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import cohort_label
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import explain_courses, row_height
from kinetics.figures.base.style import line_width
from kinetics.figures.base.words import say
from kinetics.figures.spaghetti.compute import FEWEST, counted_patients, patients_tree
from kinetics.figures.spaghetti.panel import BAND, CENSORED, COUNTED, MEDIAN, SIMULATED, PatientsPanel
from kinetics.figures.spaghetti.spec import SpaghettiSpec, read_spaghetti
from kinetics.figures.treatments import courses_text


class Spaghetti(Kind[SpaghettiSpec]):
    """Curves of many patients.

    Those of patients have the gid ``patient-PANEL-ID``, counts beyond a limit ``censored-PANEL``, the median
    ``median-PANEL``, the range ``band-PANEL``, lower limits of normal ``limit-PANEL``, courses ``courses-PANEL``.
    """

    name = "spaghetti"
    load = staticmethod(read_spaghetti)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate the patients of the cohort, and take the counts of those of the clinic."""
        return patients_tree(self.spec, inputs.progress)

    def required(self) -> Required:
        """Simulated patients of the model, the cohort and the regimen, and counts, as the file names them."""
        spec, variables, attrs = self.spec, dict[str, Any](), dict[str, Any]()
        if spec.regimen is not None:
            variables["/"] = ["time", *spec.outputs]
            attrs = {"model_hash": spec.model.content_hash, "regimen_hash": spec.regimen.content_hash}
            attrs |= {"cohort": spec.header.cohort} if spec.header.cohort else {}
        if spec.data is not None:
            variables["counts"] = ("patient", "output", "time", "value", "censored")
        return Required(variables, attrs)

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Panels of outputs, with the same patients in each."""
        spec = self.spec
        columns = page.columns_for(len(spec.panels))
        height = row_height(page.width / columns - 16)
        grid = page.grid(len(spec.panels), lambda rows: height * rows, columns)
        panels = [PatientsPanel(spec, tree, page, panel, name) for panel, name in zip(grid, spec.panels, strict=True)]
        for panel in panels:
            panel.draw()
        page.figure.align_ylabels([panel.axes for panel in grid])
        self._explain(tree, page, panels)

    def _explain(self, tree: xr.DataTree, page: Page, panels: list[PatientsPanel]) -> None:
        spec = self.spec
        whose = cohort_label(spec.model, spec.header.cohort) if spec.header.cohort else ""
        cohort = say("of_cohort", cohort=whose) if whose else ""
        counted = counted_patients(tree) if spec.data is not None else 0
        simulated = tree.to_dataset().sizes.get("patient", 0) if spec.regimen is not None else 0
        if counted:
            shown = say("shown_of_patients", shown=min(spec.header.shown, counted), n=counted)
            page.add_key(Line2D([], [], **COUNTED), say("counts_of_a_patient"), say("counted_are", what=shown))
        else:
            shown = say("shown_of_patients", shown=min(spec.header.shown, simulated), n=simulated)
            page.add_key(Line2D([], [], **SIMULATED), say("one_patient"), say("simulated_are", what=shown))
        if any(panel.is_censored for panel in panels):
            where = say("beyond")
            mark = Line2D([], [], **CENSORED)
            page.add_key(mark, say("beyond_limit", where=where), say("beyond_limit_meaning", where=where))
        self._explain_band(page, simulated, counted, cohort)
        if any(panel.has_limit for panel in panels):
            page.add_limit()
        if spec.regimen is not None:
            explain_courses(page, courses_text(spec.regimen, spec.time.unit, spec.model))

    def _explain_band(self, page: Page, simulated: int, counted: int, cohort: str) -> None:
        if simulated:
            centre, band = say("median_of_simulated", n=simulated, cohort=cohort), say("range_of_patients", n=simulated)
        else:
            centre, band = say("median_of_counted", n=counted, least=FEWEST), say("range_of_followed")
        page.add_key(Line2D([], [], linewidth=line_width(1.5), **MEDIAN), say("median"), say("thick_is", what=centre))
        page.add_key(Patch(**BAND), say("range_90"), say("areas_are", what=band))
