"""Population estimation: nonlinear mixed effects models of the observations of many individuals."""

from kinetics.mixed_effects.diagnostics.npde import npde, simulate_observations
from kinetics.mixed_effects.diagnostics.residuals import (
    conditional_weighted_residuals,
    individual_weighted_residuals,
    predictions,
)
from kinetics.mixed_effects.diagnostics.shrinkage import (
    occasion_effect_shrinkage,
    random_effect_shrinkage,
    residual_shrinkage,
)
from kinetics.mixed_effects.diagnostics.visual_predictive_check import VisualPredictiveCheck, visual_predictive_check
from kinetics.mixed_effects.individuals.conditional_distribution import (
    ConditionalDistribution,
    conditional_distribution,
)
from kinetics.mixed_effects.individuals.conditional_modes import Modes, conditional_modes
from kinetics.mixed_effects.individuals.metropolis import Kernels
from kinetics.mixed_effects.individuals.quadratic import laplace_covariance
from kinetics.mixed_effects.likelihood.fisher_information import (
    Uncertainty,
    linearised_information,
    uncertainty,
)
from kinetics.mixed_effects.likelihood.importance_sampling import ImportanceSampling, importance_sampling
from kinetics.mixed_effects.likelihood.louis_information import louis_information
from kinetics.mixed_effects.likelihood.marginal_normal import linearised_likelihood
from kinetics.mixed_effects.likelihood.maximum import MaximumLikelihood, maximise
from kinetics.mixed_effects.likelihood.maximum_state import MaximumState
from kinetics.mixed_effects.likelihood.objectives import Method, Objective, objective
from kinetics.mixed_effects.model.individual_parameters import IndividualParameter
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.observations import Observations
from kinetics.mixed_effects.model.population_values import PopulationValues
from kinetics.mixed_effects.model.prior import PopulationPrior
from kinetics.mixed_effects.model.residual_error import RESIDUAL_ERRORS
from kinetics.mixed_effects.model.structural import ClosedForm, StructuralModel
from kinetics.mixed_effects.model.transforms import Identity, Logarithm, Logit
from kinetics.mixed_effects.saem.algorithm import SaemEstimate, SaemSettings, saem
from kinetics.mixed_effects.saem.state import SaemState

__all__ = [
    "RESIDUAL_ERRORS",
    "ClosedForm",
    "ConditionalDistribution",
    "Identity",
    "ImportanceSampling",
    "IndividualParameter",
    "Kernels",
    "Logarithm",
    "Logit",
    "MaximumLikelihood",
    "MaximumState",
    "Method",
    "MixedEffectsModel",
    "Modes",
    "Objective",
    "Observations",
    "PopulationPrior",
    "PopulationValues",
    "SaemEstimate",
    "SaemSettings",
    "SaemState",
    "StructuralModel",
    "Uncertainty",
    "VisualPredictiveCheck",
    "conditional_distribution",
    "conditional_modes",
    "conditional_weighted_residuals",
    "importance_sampling",
    "individual_weighted_residuals",
    "laplace_covariance",
    "linearised_information",
    "linearised_likelihood",
    "louis_information",
    "maximise",
    "npde",
    "objective",
    "occasion_effect_shrinkage",
    "predictions",
    "random_effect_shrinkage",
    "residual_shrinkage",
    "saem",
    "simulate_observations",
    "uncertainty",
    "visual_predictive_check",
]
