"""The figure of a cross-validation: every number that was left out over what the rest predicts."""

from __future__ import annotations

import xarray as xr

from kinetics.crossvalidation import CrossValidation, crossvalidate
from kinetics.figures.agreement.compute import NUMBERS, OUTER
from kinetics.figures.agreement.lines import AgreementLines
from kinetics.figures.agreement.wording import Wording
from kinetics.figures.base.fit_figure import chosen_estimates
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.page import Page
from kinetics.figures.base.words import say
from kinetics.figures.crossvalidation.compute import left_out_lines
from kinetics.figures.crossvalidation.spec import CrossValidationSpec, read_crossvalidation


class LeftOutNumbers(Kind[CrossValidationSpec]):
    """Published numbers over the predictions of fits without them, one line each.

    The gids are those of a figure of agreement; a line is what was left out, such as ``visit``, and the row. The wider
    interval of a line is ``outer-LINE``.
    """

    name = "crossvalidation"
    from_estimates = True
    load = staticmethod(read_crossvalidation)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """The lines, every fold being fitted again from fresh estimates if given, else from the committed ones."""
        problem, by = self.spec.problem, self.spec.header.by
        estimates = chosen_estimates(problem, inputs.estimates)
        return self.tree(crossvalidate(problem, by=by, estimates=estimates, progress=inputs.progress))

    def tree(self, validated: CrossValidation) -> xr.DataTree:
        """The lines of a cross-validation that is done."""
        lines = left_out_lines(validated, self.spec.header.by, self.spec.path.parent)
        return xr.DataTree(lines.assign_attrs(lines.attrs | dict(self.required().attrs)))

    def own_title(self, tree: xr.DataTree) -> str:
        """What is compared, and of which fit."""
        return f"{say('title_crossvalidation')}: {self.spec.problem.title}"

    def required(self) -> Required:
        """Lines of the fit."""
        names = (*NUMBERS, *OUTER, "inside", "is_range", "label", "unit", "use", "source")
        return Required({"/": names}, {"figure": self.name, "fit": self.spec.problem.name})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A forest of lines, with a table beside them."""
        page.caption.add(say("left_out_is"))
        AgreementLines(self.spec.path.parent, tree.to_dataset(), page, _wording()).draw()
        page.caption.add(say("predicted_inside", agree=tree.attrs["agree"], n=tree.attrs["predicted"]))


def _wording() -> Wording:
    return Wording(
        groups={kind: say(f"left_out_{kind}") for kind in ("row", "visit", "source", "unfitted")},
        axis=say("published_over_predicted"),
        column_model=say("column_predicted"),
        column_range=say("column_90"),
        verdicts={
            1: (say("inside"), say("inside_prediction_meaning")),
            0: (say("outside"), say("outside_meaning")),
            -1: (say("not_predicted"), say("not_predicted_meaning")),
        },
        bars=(say("predicted_90"), say("predicted_90_meaning")),
        outer=(say("with_discrepancy"), say("predicted_with_meaning")),
    )
