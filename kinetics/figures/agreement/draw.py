"""The figure of agreement: every published number of a fit over the model's."""

from __future__ import annotations

import xarray as xr

from kinetics.figures.agreement.compute import NUMBERS, agreement_lines
from kinetics.figures.agreement.lines import AgreementLines
from kinetics.figures.base.fit_figure import FitFigureSpec, chosen_estimates, read_fit_figure
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.page import Page
from kinetics.figures.base.words import say


class Agreement(Kind[FitFigureSpec]):
    """Every published number of a fit over the model's, one line each.

    Abscissas are natural logarithms of ratios to the model. The published number of a line has the gid
    ``published-LINE``, its interval ``interval-LINE``, the model's interval ``model-LINE``; a number that the axis does
    not reach is an arrow at its end.
    """

    name = "agreement"
    from_estimates = True
    load = staticmethod(read_fit_figure)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """The lines, at fresh estimates if given, else at the committed ones."""
        lines = agreement_lines(self.spec.problem, chosen_estimates(self.spec.problem, inputs.estimates))
        inputs.progress(1, 1)
        return xr.DataTree(lines.assign_attrs(self.required().attrs))

    def own_title(self, tree: xr.DataTree) -> str:
        """What is compared, and of which fit."""
        return f"{say('title_agreement')}: {self.spec.problem.title}"

    def required(self) -> Required:
        """Lines of the fit."""
        names = (*NUMBERS, "inside", "is_range", "label", "unit", "use", "source")
        return Required({"/": names}, {"figure": self.name, "fit": self.spec.problem.name})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A forest of lines, with a table beside them."""
        AgreementLines(self.spec.path.parent, tree.to_dataset(), page).draw()
