"""Agreement: every published number of a fit over the model's, one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import xarray as xr
from matplotlib.figure import Figure

from kinetics.figures.agreement.draw import Forest
from kinetics.figures.agreement.lines import NUMBERS, agreement_lines
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.of_fit import FitFigureSpec, check_groups, chosen_estimates, read_fit_figure

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

__all__ = ["Agreement"]


class Agreement(Kind[FitFigureSpec]):
    """A figure of kind ``agreement``.

    Parameters
    ----------
    spec : FitFigureSpec
        The checked figure file.
    """

    from_estimates = True
    load = staticmethod(read_fit_figure)

    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """The lines, at fresh estimates if given, else at the committed ones."""
        problem = self.spec.problem
        lines = agreement_lines(problem, chosen_estimates(problem, estimates))
        if progress is not None:
            progress(1, 1)
        return xr.DataTree(lines.assign_attrs(figure="agreement", fit=problem.name))

    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows.

        Raises
        ------
        InputError
            With everything that does not fit.
        """
        needed = (*NUMBERS, "inside", "is_range", "label", "unit", "use", "source")
        check_groups(tree, {"/": needed}, {"figure": "agreement", "fit": self.spec.problem.name}, source)

    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw the lines, within `kinetics.figures.base.style.style`.

        Returns
        -------
        matplotlib.figure.Figure
            Abscissas are natural logarithms of ratios to the model. The published number of a line has the gid
            ``published-LINE``, its interval ``interval-LINE``, the model's interval ``model-LINE``; a number that the
            axis does not reach is an arrow at its end.
        """
        return Forest(self.spec, tree.to_dataset()).finished()
