"""Studies as the individuals of a mixed effects model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.cohorts.fit_results import BETWEEN_STUDIES, estimated_of, is_typical
from kinetics.estimate.objective.study_predictions import StudyPredictions, quantity_of
from kinetics.estimate.problem.problem import FitProblem
from kinetics.mixed_effects import (
    Identity,
    IndividualParameter,
    Logarithm,
    MixedEffectsModel,
    Observations,
    PopulationValues,
)
from kinetics.published import TypicalTarget

RESIDUAL = "y:a"
"""The residual error, held at 1: rows are in units of their standard errors."""


@dataclass(frozen=True, eq=False)
class StudyModel:
    """The mixed effects model of the fitted rows; make it with `of`.

    Parameters
    ----------
    model : MixedEffectsModel
        An individual is a study, an observation a row in units of its standard error.
    names : tuple of str
        Estimates by which it is differentiated.
    constant : float
        Minus twice the log likelihood of the published numbers, less that of the numbers in these units.
    """

    model: MixedEffectsModel
    names: tuple[str, ...]
    constant: float

    @classmethod
    def of(cls, problem: FitProblem, names: Sequence[str]) -> StudyModel:
        """The model with the parameters of some estimates, by flat name; effects are those of the problem."""
        targets = [target for target in problem.fitted if isinstance(target, TypicalTarget)]
        values = np.array([float(target.row.value or 0.0) for target in targets])
        logarithmic = np.array([not target.row.on_own_scale for target in targets])
        sd = np.array([target.error_sd for target in targets])
        logs = np.log(np.where(logarithmic, values, 1.0))
        table = Observations.from_table(
            [target.row.trial for target in targets],
            [quantity_of(target).time for target in targets],
            np.where(logarithmic, logs, values) / sd,
        )
        parameters = tuple(dict.fromkeys(name for name in names if is_typical(name)))
        additive = {effect.of for effect in problem.study_effects if effect.kind == "normal"}
        model = MixedEffectsModel.of(
            StudyPredictions.of(problem, targets, table, parameters),
            table,
            [IndividualParameter(name, Identity() if name in additive else Logarithm()) for name in parameters],
            residual={"y": "additive"},
            between_individuals=[effect.of for effect in problem.study_effects],
            held=[RESIDUAL],
        )
        return cls(model, tuple(names), 2 * float(np.log(sd).sum() + logs.sum()))

    def values(self, estimates: Mapping[str, float]) -> PopulationValues:
        """Population values at estimates by flat name."""
        return self.model.values(
            {one.name: estimates[one.name] for one in self.model.parameters.parameters},
            variances={
                name: estimates[name + BETWEEN_STUDIES] ** 2 for name in self.model.coordinates.individuals.names
            },
            residual={RESIDUAL: 1.0},
        )

    def coordinates_by_name(self, values: PopulationValues) -> np.ndarray:
        """Derivatives of the free coordinates by the logarithms of the estimates, (coordinate, name)."""
        coordinates, typical = self.model.coordinates.names, self.model.typical(values)
        additive = {one.name for one in self.model.parameters.parameters if isinstance(one.transform, Identity)}
        by_name = np.zeros((len(coordinates), len(self.names)))
        for column, name in enumerate(self.names):
            own = estimated_of(name)
            if is_typical(name):
                by_name[coordinates.index(own), column] = typical[own] if own in additive else 1.0
            elif name.endswith(BETWEEN_STUDIES):
                by_name[coordinates.index(f"var({own},{own})"), column] = 1.0
        return by_name
