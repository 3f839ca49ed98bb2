"""The figures of a fit, and of what was found of a model beside published numbers: of objects, without a file.

`kinetics.figures.resolving` imports it only for such an object, whose rooms are then imported already.
"""

from __future__ import annotations

from typing import Any

import xarray as xr

from kinetics.crossvalidation import CrossValidation
from kinetics.estimate import Fit
from kinetics.figures.agreement.draw import Agreement
from kinetics.figures.base.fit_figure import FitFigureSpec
from kinetics.figures.base.kind import Kind
from kinetics.figures.crossvalidation.draw import LeftOutNumbers
from kinetics.figures.crossvalidation.spec import CrossValidationSpec
from kinetics.figures.evidence.draw import EvidenceForest
from kinetics.figures.evidence.spec import EvidenceSpec
from kinetics.figures.model_comparison.draw import ComparedModels
from kinetics.figures.model_comparison.spec import ModelComparisonSpec
from kinetics.published.evaluating import Evidence
from kinetics.results import Drawable
from kinetics.variants import ModelComparison


def figure_of(found: Drawable) -> tuple[Kind[Any], str, xr.DataTree | Fit]:
    """The figure of a fit or of numbers beside published ones, its name, and what it is drawn from."""
    if isinstance(found, Evidence):
        forest = EvidenceForest(EvidenceSpec.of(found))
        return forest, forest.name, forest.tree(found)
    if isinstance(found, CrossValidation):
        left_out = LeftOutNumbers(CrossValidationSpec.of(found.problem, LeftOutNumbers.name))
        return left_out, found.problem.name, left_out.tree(found)
    if isinstance(found, ModelComparison):
        problems = tuple(one.problem for one in found.variants)
        compared = ComparedModels(ModelComparisonSpec.of(problems, ComparedModels.name))
        return compared, found.variants[0].problem.name, compared.tree(found)
    assert isinstance(found, Fit)
    return Agreement(FitFigureSpec.of(found.problem, Agreement.name)), found.problem.name, found
