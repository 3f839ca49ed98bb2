"""Cross-validation: published rows left out and predicted from a fit of the rest, and the discrepancy of the model."""

from kinetics.crossvalidation.crossvalidating import crossvalidate
from kinetics.crossvalidation.discrepancy import Discrepancy
from kinetics.crossvalidation.result import CrossValidation

__all__ = ["CrossValidation", "Discrepancy", "crossvalidate"]
