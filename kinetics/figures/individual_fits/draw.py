"""Pages of individual fits: patients one after the other, each with a panel an output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D
from pydantic import Field, StrictInt

from kinetics.errors import Fault, InputError
from kinetics.figures.base.kind import Required
from kinetics.figures.base.outputs_figure import OutputsFigure, OutputsHeaderRow, chosen_outputs
from kinetics.figures.base.page import Page
from kinetics.figures.base.words import say
from kinetics.figures.individual_fits.panel import (
    ABOVE,
    BELOW,
    COUNT,
    DOSE,
    INDIVIDUAL,
    TYPICAL,
    FitPanel,
    panel_axes,
)
from kinetics.files.rows import Line
from kinetics.text.suggestions import did_you_mean

NAME = "individual_fits"
VISITS = ("patient", "output", "unit", "time", "censored", "value")
_LEAST = 40.0
"""Width of a panel with its labels, mm, at least."""
_COLUMNS = 4
"""Panels beside each other, at most."""
_ROWS = 6
"""Of panels on a page, if no number of patients is stated."""
_ROW = 35.0
"""Height of a row of panels, mm."""


class IndividualFitsHeaderRow(OutputsHeaderRow):
    """``[figure]``; without ``patients`` everybody, as many a page as have room on it."""

    patients: Annotated[list[Line], Field(min_length=1)] | None = None
    patients_per_page: Annotated[StrictInt, Field(ge=1, le=100)] | None = None


class IndividualFits(OutputsFigure):
    """The counts of each patient, with the curve of its own parameters and that of the typical patient.

    Counts have the gid ``counts-PATIENT-OUTPUT``, those beyond a limit ``censored-PATIENT-OUTPUT``, curves
    ``individual-PATIENT-OUTPUT`` and ``typical-PATIENT-OUTPUT``, doses ``doses-PATIENT-OUTPUT``.
    """

    name = NAME
    header_row = IndividualFitsHeaderRow

    def required(self) -> Required:
        """Counts, and curves between them."""
        return Required({NAME: ("time", "dose_time"), "visits": VISITS})

    def pages(self, tree: xr.DataTree) -> Sequence[IndividualFits]:
        """Some patients each; all pages have the same axes."""
        header, patients = self.spec.header, self._patients(tree)
        size = header.patients_per_page or self._page_size(len(self._outputs(tree)))
        groups = [patients[first : first + size] for first in range(0, len(patients), size)]
        if len(groups) == 1:
            return (self,)
        headers = [header.model_copy(update={"patients": group}) for group in groups]
        return [type(self)(replace(self.spec, header=each)) for each in headers]

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """The panels of each patient from left to right, with as many rows as they need."""
        outputs, patients = self._outputs(tree), self._patients(tree)
        visits, curves = tree["visits"].to_dataset(), tree[NAME].to_dataset()
        columns, slots = self._columns(len(outputs)), self._slots(len(outputs))
        count = len(patients) * slots
        grid = page.grid(count, lambda rows: _ROW * rows, columns)
        axes = {name: panel_axes(visits, curves, name, page.panel_width) for name in outputs}
        for panel in list(grid):
            patient, own = patients[panel.index // slots], panel.index % slots
            if own >= len(outputs):
                page.remove(panel)
                continue
            content = FitPanel(visits, curves, patient, outputs[own])
            content.draw(panel.axes, axes[outputs[own]])
            content.label(panel.axes, axes[outputs[own]], is_lowest=panel.is_lowest)
        sides = set(np.sign(visits["censored"].values[np.isin(visits["output"].values, outputs)]).tolist())
        _explain(page, sides)

    def _columns(self, outputs: int) -> int:
        """Panels beside each other: those of one patient, or patients if there is one output."""
        if self.spec.page.columns:
            return self.spec.page.columns
        most = max(1, min(_COLUMNS, int(self.spec.page.mm // _LEAST)))
        return most if outputs == 1 else min(outputs, most)

    def _slots(self, outputs: int) -> int:
        """Places of a patient in the grid: whole rows, if there are several outputs."""
        columns = self._columns(outputs)
        return 1 if outputs == 1 else -(-outputs // columns) * columns

    def _page_size(self, outputs: int) -> int:
        """How many patients have room on a page."""
        return max(1, _ROWS * self._columns(outputs) // self._slots(outputs))

    def _outputs(self, tree: xr.DataTree) -> list[str]:
        return chosen_outputs(tree["visits"].to_dataset(), self.spec.header.outputs)

    def _patients(self, tree: xr.DataTree) -> list[str]:
        """Who is drawn; an `InputError` for a patient who is not there."""
        known = [str(id) for id in tree[NAME].to_dataset()["patient"].values]
        chosen = [*(self.spec.header.patients or known)]
        faults = [
            Fault(f"no patient '{id}'{did_you_mean(id, known)}", name="patients") for id in chosen if id not in known
        ]
        if faults:
            raise InputError(*faults)
        return chosen


def _explain(page: Page, sides: set[int]) -> None:
    def point(look: dict[str, Any]) -> Line2D:
        return Line2D([], [], linestyle="none", **look)

    page.add_key(point(COUNT), say("measured_count"))
    for side, look, word in ((-1, BELOW, "below"), (1, ABOVE, "above")):
        if side in sides:
            where = say(word)
            page.add_key(point(look), say("beyond_limit", where=where), say("beyond_limit_meaning", where=where))
    page.add_key(Line2D([], [], **INDIVIDUAL), say("individual_curve"), say("individual_curve_meaning"))
    page.add_key(Line2D([], [], **TYPICAL), say("typical_curve"), say("typical_curve_meaning"))
    page.add_key(point(DOSE | {"marker": "|"}), say("dose"))
