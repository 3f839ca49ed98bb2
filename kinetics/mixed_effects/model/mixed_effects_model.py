"""The whole statistical model: observations, structural model, individual parameters, random effects, residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kinetics.errors import Faults
from kinetics.mixed_effects.model.individual_parameters import IndividualParameter, ParameterModel
from kinetics.mixed_effects.model.observation_density import Density, density, log_density
from kinetics.mixed_effects.model.observations import Observations
from kinetics.mixed_effects.model.population_values import Coordinates, PopulationValues
from kinetics.mixed_effects.model.predictor import Predictor, StructuralPredictor
from kinetics.mixed_effects.model.prior import PopulationPrior
from kinetics.mixed_effects.model.random_effects import CovarianceBlocks
from kinetics.mixed_effects.model.residual_error import ResidualErrors
from kinetics.mixed_effects.model.structural import StructuralModel


class Linearised(NamedTuple):
    """Predictions, (lane, observation), with derivatives by random and fixed effects on a last axis."""

    predictions: np.ndarray
    by_random: np.ndarray
    by_fixed: np.ndarray


@dataclass(frozen=True, eq=False)
class MixedEffectsModel:
    """A nonlinear mixed effects model with its data. Make it with `of`.

    Arrays of lanes are for individuals, (lane,), that may repeat; random effects are (lane, random effect): those of
    the individual, then those of each of its occasions.

    Parameters
    ----------
    observations : Observations
        The data.
    predictor : Predictor
        Predictions from parameters on their normal scales.
    parameters : ParameterModel
        How parameters follow from fixed and random effects.
    errors : ResidualErrors
        The residual error of each analyte.
    coordinates : Coordinates
        Names and structure of the population values, and which are held.
    prior : PopulationPrior, optional
        A prior of the population.

    Examples
    --------
    >>> from kinetics.mixed_effects.model.structural import ClosedForm
    >>> from kinetics.mixed_effects.model.transforms import Identity
    >>> table = Observations.from_table(["1", "1", "2", "2", "3", "3"], [0, 1] * 3, [4.0, 6.0, 7.0, 9.0, 1.0, 3.0])
    >>> level = ClosedForm(("level",), lambda x, p: p["level"] + 0 * x["t"], {"t": table.times}, table.occasion)
    >>> model = MixedEffectsModel.of(
    ...     level, table, [IndividualParameter("level", Identity())],
    ...     residual={"y": "additive"}, between_individuals=["level"],
    ... )
    >>> model.coordinates.names
    ('level', 'var(level,level)', 'y:a')
    >>> values = model.values({"level": 4}, variances={"level": 5}, residual={"y:a": 1})
    >>> model.typical(values)
    {'level': 4.0}
    """

    observations: Observations
    predictor: Predictor
    parameters: ParameterModel
    errors: ResidualErrors
    coordinates: Coordinates
    prior: PopulationPrior | None = None

    @classmethod
    def of(
        cls,
        structural: StructuralModel,
        observations: Observations,
        parameters: Sequence[IndividualParameter],
        *,
        residual: Mapping[str, str],
        between_individuals: Sequence[str | Sequence[str]],
        between_occasions: Sequence[str | Sequence[str]] = (),
        covariates: Mapping[str, np.ndarray] | None = None,
        held: Sequence[str] = (),
        prior: PopulationPrior | None = None,
    ) -> MixedEffectsModel:
        """A model of its parts.

        Parameters
        ----------
        structural : StructuralModel
            Predictions.
        observations : Observations
            The data.
        parameters : sequence of IndividualParameter
            Those of the structural model.
        residual : mapping of str to str
            The kind of residual error by analyte, a key of `RESIDUAL_ERRORS`.
        between_individuals, between_occasions : sequence
            Blocks of parameters with correlated random effects; a name alone is a block of one.
        covariates : mapping of str to ndarray, optional
            (individual,) or (individual, occasion), centred.
        held : sequence of str, optional
            Values that are not estimated, by their names in `Coordinates`.
        prior : PopulationPrior, optional
            A prior of the population.

        Raises
        ------
        InputError
            With every fault of names, shapes and numbers.
        """
        faults = Faults()
        names = tuple(one.name for one in parameters)
        if sorted(names) != sorted(structural.parameters):
            faults.add(
                f"parameters are {', '.join(names)}; the structural model has {', '.join(structural.parameters)}"
            )
        if set(residual) != set(observations.analytes):
            faults.add(f"residual errors are of {', '.join(residual)}; observed are {', '.join(observations.analytes)}")
        faults.raise_if_any()
        ordered = sorted(parameters, key=lambda one: structural.parameters.index(one.name))
        individuals, occasions = (CovarianceBlocks.of(blocks) for blocks in (between_individuals, between_occasions))
        sizes = (len(observations), observations.n_occasions)
        model = ParameterModel(ordered, covariates or {}, individuals.names, occasions.names, *sizes)
        errors = ResidualErrors({analyte: residual[analyte] for analyte in observations.analytes})
        coordinates = Coordinates(model.fixed, individuals, occasions, errors.names, tuple(held))
        return cls(observations, StructuralPredictor(structural, model), model, errors, coordinates, prior)

    def values(
        self,
        typical: Mapping[str, float],
        *,
        variances: Mapping[str, float],
        residual: Mapping[str, float],
        coefficients: Mapping[str, float] | None = None,
        occasion_variances: Mapping[str, float] | None = None,
    ) -> PopulationValues:
        """Population values by name, to start from or to evaluate at.

        Parameters
        ----------
        typical : mapping of str to float
            Typical values of parameters, in their units.
        variances, occasion_variances : mapping of str to float
            Variances of the random effects by parameter, on the normal scale; covariances as ``"A,B"``, else 0.
        residual : mapping of str to float
            Residual parameters as ``"analyte:a"``.
        coefficients : mapping of str to float, optional
            Coefficients of covariates as ``"parameter:covariate"``, else 0.

        Raises
        ------
        UnknownNameError
            For a name that the model does not have.
        InputError
            If a typical value, variance or residual parameter is missing or out of range.
        """
        transforms = {one.name: one.transform for one in self.parameters.parameters}
        named = {f"var({_entry(name)})": value for name, value in variances.items()}
        named |= {f"var_occasion({_entry(name)})": value for name, value in (occasion_variances or {}).items()}
        for name, value in typical.items():
            named[name] = float(transforms[name].forward(np.asarray(value))) if name in transforms else value
        named |= {**(coefficients or {}), **residual}
        individuals, occasions = (
            np.diag(np.full(len(level.names), np.nan))
            for level in (self.coordinates.individuals, self.coordinates.occasions)
        )
        sizes = len(self.parameters.fixed), len(self.errors.names)
        empty = PopulationValues(np.zeros(sizes[0]), individuals, occasions, np.full(sizes[1], np.nan))
        values = self.coordinates.with_named(empty, named)
        faults = Faults()
        for name in transforms.keys() - typical.keys():
            faults.add("the typical value is missing", "values", name)
        for name, value in self.coordinates.named(values).items():
            if not np.isfinite(value):
                faults.add(f"the value is {value}; it must be a number", "values", name)
        faults.raise_if_any()
        return values

    @property
    def everyone(self) -> np.ndarray:
        """Every individual once, (individual,)."""
        return np.arange(len(self.observations))

    @property
    def n_random(self) -> int:
        """The number of random effects of an individual."""
        return self.parameters.random_design.shape[2]

    def covariance(self, values: PopulationValues) -> np.ndarray:
        """The covariance of the random effects of an individual, (random effect, random effect)."""
        return values.random_covariance(self.observations.n_occasions)

    def typical(self, values: PopulationValues) -> dict[str, float]:
        """The typical value of each parameter, in its unit."""
        fixed = dict(zip(self.parameters.fixed, values.fixed, strict=True))
        return {one.name: float(one.transform.inverse(fixed[one.name])) for one in self.parameters.parameters}

    def individual_parameters(self, values: PopulationValues, random: np.ndarray) -> np.ndarray:
        """Parameters of everyone at random effects, (individual, occasion, parameter), each in its unit."""
        return self.parameters.natural(self.parameters.normal(values.fixed, random, self.everyone))

    def predict(self, fixed: np.ndarray, random: np.ndarray, individuals: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation)."""
        return self.predictor.predict(individuals, self.parameters.normal(fixed, random, individuals))

    def linearise(self, fixed: np.ndarray, random: np.ndarray, individuals: np.ndarray) -> Linearised:
        """Predictions with derivatives by random and fixed effects."""
        normal = self.parameters.normal(fixed, random, individuals)
        predictions, jacobian = self.predictor.linearise(individuals, normal)
        by_random = jacobian @ self.parameters.flat_random_design
        design = self.parameters.design[individuals].reshape(len(individuals), -1, len(fixed))
        return Linearised(predictions, by_random, jacobian @ design)

    def density(
        self, predictions: np.ndarray, residual: np.ndarray, individuals: np.ndarray, sd_at: np.ndarray | None = None
    ) -> Density:
        """The density of the observations of lanes at predictions; see `observation_density.density`."""
        return density(self.observations, self.errors, individuals, predictions, residual, sd_at)

    def log_likelihood(self, predictions: np.ndarray, residual: np.ndarray, individuals: np.ndarray) -> np.ndarray:
        """The log density of all observations of lanes at predictions, (lane,)."""
        return log_density(self.observations, self.errors, individuals, predictions, residual).sum(axis=1)


def _entry(name: str) -> str:
    """The entry of a covariance: the variance of one parameter, or the covariance of two."""
    return name if "," in name else f"{name},{name}"
